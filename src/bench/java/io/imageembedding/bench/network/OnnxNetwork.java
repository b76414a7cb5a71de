// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.network;

import com.google.protobuf.CodedOutputStream;
import io.imageembedding.model.network.MobileNetV2.Block;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.NetworkWeights;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
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

    Message number(int field, long value) throws IOException {
      out.writeInt64(field, value);
      return this;
    }

    Message text(int field, String value) throws IOException {
      out.writeString(field, value);
      return this;
    }

    Message data(int field, byte[] value) throws IOException {
      out.writeByteArray(field, value);
      return this;
    }

    Message message(int field, Message value) throws IOException {
      return data(field, value.toByteArray());
    }

    byte[] toByteArray() throws IOException {
      out.flush();
      return bytes.toByteArray();
    }
  }

  private OnnxNetwork() {}

  public static void write(NetworkWeights weights, Path file) throws IOException {
    Files.write(file, new OnnxNetwork().model(weights));
  }

  private byte[] model(NetworkWeights weights) throws IOException {
    int size = weights.network().inputSize();
    constant("one", 1f);
    constant("two", 2f);
    constant("zero", 0f);
    constant("six", 6f);
    node("Mul", "doubled", List.of(INPUT, "two"));
    node("Sub", "centred", List.of("doubled", "one"));
    node("Transpose", "planes", List.of("centred"), ints("perm", 0, 3, 1, 2));
    String current = "planes";
    for (Block block : weights.network().blocks()) {
      String before = current;
      for (Layer layer : block.layers()) {
        current = convolution(FoldedLayer.of(layer, weights.variables()), current);
      }
      if (block.residual()) {
        String sum = current + "_residual";
        node("Add", sum, List.of(before, current));
        current = sum;
      }
    }
    node("GlobalAveragePool", "mean", List.of(current));
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

  private String convolution(FoldedLayer folded, String input) throws IOException {
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

  private void node(String operator, String output, List<String> inputs, Message... attributes)
      throws IOException {
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

  private static Message ints(String name, long... values) throws IOException {
    Message attribute = new Message().text(1, name);
    for (long value : values) {
      attribute.number(8, value);
    }
    return attribute.number(20, 7);
  }

  private void constant(String name, float value) throws IOException {
    constant(name, new float[] {value});
  }

  private void constant(String name, float[] values, long... shape) throws IOException {
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

  private static Message value(String name, long... shape) throws IOException {
    Message dimensions = new Message().message(1, new Message().text(2, "n"));
    for (long size : shape) {
      dimensions.message(1, new Message().number(1, size));
    }
    Message tensor = new Message().number(1, FLOAT).message(2, dimensions);
    return new Message().text(1, name).message(2, new Message().message(1, tensor));
  }
}
