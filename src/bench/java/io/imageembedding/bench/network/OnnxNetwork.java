// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.network;

import com.google.protobuf.CodedOutputStream;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.MobileNetV2.Operations;
import io.imageembedding.model.network.NetworkWeights;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a MobileNetV2 as an ONNX file: batch normalisation folded, input {@code [n, size, size,
 * 3]} in [0,1]. The numbers are those of fields in <a
 * href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto">onnx.proto</a>.
 */
public final class OnnxNetwork {
  public static final String INPUT = "images";

  private static final String OUTPUT = "features";
  private static final int IR_VERSION = 8;
  private static final int OPERATORS = 13;
  private static final int FLOAT = 1;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;

  private final Message graph = new Message();

  /** A protobuf message that is being written. */
  private static final class Message {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CodedOutputStream out = CodedOutputStream.newInstance(bytes);

    /** What may fail on a file cannot fail in memory. */
    private interface Writing {
      void write() throws IOException;
    }

    private Message with(Writing writing) {
      try {
        writing.write();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return this;
    }

    Message number(int field, long value) {
      return with(() -> out.writeInt64(field, value));
    }

    Message text(int field, String value) {
      return with(() -> out.writeString(field, value));
    }

    Message data(int field, byte[] value) {
      return with(() -> out.writeByteArray(field, value));
    }

    Message message(int field, Message value) {
      return data(field, value.toByteArray());
    }

    byte[] toByteArray() {
      with(out::flush);
      return bytes.toByteArray();
    }
  }

  private OnnxNetwork() {}

  public static void write(NetworkWeights weights, Path file) throws IOException {
    Files.write(file, new OnnxNetwork().model(weights));
  }

  private byte[] model(NetworkWeights weights) {
    int size = weights.network().inputSize();
    constant("one", 1f);
    constant("two", 2f);
    constant("zero", 0f);
    constant("six", 6f);
    node("Mul", "doubled", List.of(INPUT, "two"));
    node("Sub", "centred", List.of("doubled", "one"));
    node("Transpose", "planes", List.of("centred"), ints("perm", 0, 3, 1, 2));
    Operations<String> operations =
        new Operations<>() {
          @Override
          public String layer(Layer layer, String input) {
            return convolution(FoldedLayer.of(layer, weights.variables()), input);
          }

          @Override
          public String residual(String scope, String input, String output) {
            String sum = output + "_residual";
            node("Add", sum, List.of(input, output));
            return sum;
          }
        };
    node("GlobalAveragePool", "mean", List.of(weights.network().walk("planes", operations)));
    node("Flatten", OUTPUT, List.of("mean"));
    graph.text(2, weights.network().name());
    graph.message(11, value(INPUT, size, size, 3));
    graph.message(12, value(OUTPUT, weights.network().features()));
    return new Message()
        .number(1, IR_VERSION)
        .message(7, graph)
        .message(8, new Message().text(1, "").number(2, OPERATORS))
        .toByteArray();
  }

  private String convolution(FoldedLayer folded, String input) {
    Layer layer = folded.layer();
    String name = layer.scope();
    constant(name + "_kernel", folded.kernel(), folded.shape());
    constant(name + "_biases", folded.biases(), layer.outputs());
    node(
        "Conv",
        name,
        List.of(input, name + "_kernel", name + "_biases"),
        ints("kernel_shape", layer.kernel(), layer.kernel()),
        ints("strides", layer.stride(), layer.stride()),
        new Message().text(1, "group").number(3, folded.groups()).number(20, 2),
        new Message().text(1, "auto_pad").text(4, "SAME_UPPER").number(20, 3));
    if (!layer.relu6()) {
      return name;
    }
    node("Clip", name + "_relu6", List.of(name, "zero", "six"));
    return name + "_relu6";
  }

  private void node(String operator, String output, List<String> inputs, Message... attributes) {
    Message node = new Message();
    for (String input : inputs) {
      node.text(1, input);
    }
    node.text(2, output).text(3, output).text(4, operator);
    for (Message attribute : attributes) {
      node.message(5, attribute);
    }
    graph.message(GRAPH_NODE, node);
  }

  private static Message ints(String name, long... values) {
    Message attribute = new Message().text(1, name);
    for (long value : values) {
      attribute.number(8, value);
    }
    return attribute.number(20, 7);
  }

  private void constant(String name, float value) {
    constant(name, new float[] {value});
  }

  private void constant(String name, float[] values, long... shape) {
    Message tensor = new Message();
    for (long size : shape) {
      tensor.number(1, size);
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    tensor.number(2, FLOAT).text(8, name).data(9, bytes.array());
    graph.message(GRAPH_INITIALIZER, tensor);
  }

  private static Message value(String name, long... shape) {
    Message dimensions = new Message().message(1, new Message().text(2, "n"));
    for (long size : shape) {
      dimensions.message(1, new Message().number(1, size));
    }
    Message tensor = new Message().number(1, FLOAT).message(2, dimensions);
    return new Message().text(1, name).message(2, new Message().message(1, tensor));
  }
}
