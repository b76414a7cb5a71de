// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.tensorflow.Graph;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorShapeProto;

/**
 * What a network takes for some images, told before any of it is run, by the shapes that TensorFlow
 * infers. Operations are added one by one, each behind what it computes on: TensorFlow runs parts
 * of a graph that are constant to infer the shapes of others, and so runs nothing that was not
 * found small enough before.
 */
@Internal
public final class WorkEstimate {
  /** Of one tensor; four images of 600 pixels in EfficientNet-B7 have 280 MB. */
  private static final long MOST_TENSOR_BYTES = 512L << 20;

  /** Of all tensors that are needed at the same time, weights apart. */
  private static final long MOST_BYTES = 1L << 30;

  /** Of all tensors one after the other. */
  private static final long MOST_WRITTEN_BYTES = 64L << 30;

  /** ViT-H/14 has 0.17e12 for an image. */
  private static final double MOST_MULTIPLY_ADDS = 0.25e12;

  private static final int LARGE_CONSTANT = 1 << 16;

  private final int images;
  private final int size;
  private final boolean unknownAllowed;
  private final Map<Tensor, Output<?>> outputs = new HashMap<>();
  private final Map<Node, Long> bytes = new HashMap<>();
  private final Set<Tensor> used = new HashSet<>();
  private double multiplyAdds;

  private WorkEstimate(int images, int size, boolean unknownAllowed) {
    this.images = images;
    this.size = size;
    this.unknownAllowed = unknownAllowed;
  }

  /**
   * @param images at a time
   * @param size width and height of the images
   * @param unknownAllowed whether tensors may be of shapes that only show when it is run
   * @throws IllegalArgumentException if it takes more than any network for images does, naming the
   *     operation
   */
  public static void require(FlatGraph flat, int images, int size, boolean unknownAllowed) {
    new WorkEstimate(images, size, unknownAllowed).require(flat.ordered());
  }

  private void require(List<Node> ordered) {
    ordered.forEach(node -> used.addAll(node.inputs()));
    try (Graph graph = TensorFlowRuntime.newGraph()) {
      for (int i = 0; i < ordered.size(); i++) {
        Node node = ordered.get(i);
        String name = "n" + i;
        TensorFlowRuntime.run(
            () -> {
              add(graph, name, node);
              return null;
            });
      }
    } catch (TensorFlowFailure e) {
      throw new IllegalArgumentException("TensorFlow does not take it: " + e.getMessage(), e);
    }
    requireMemory(ordered);
    if (multiplyAdds > images * MOST_MULTIPLY_ADDS) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "an image takes %.1e multiplications; allowed: %.1e",
              multiplyAdds / images,
              MOST_MULTIPLY_ADDS));
    }
  }

  private void add(Graph graph, String name, Node node) {
    NodeDef definition = node.definition();
    if (node.is("Placeholder")) {
      keep(node, 0, placeholder(graph, name, type(node, "dtype"), images(node)));
    } else if (node.is("Const")) {
      TensorShapeProto shape = node.attribute("value").getTensor().getTensorShape();
      requireSize(node, type(node, "dtype"), elements(shape));
      keep(
          node,
          0,
          definition.getSerializedSize() > LARGE_CONSTANT
              ? placeholder(graph, name, type(node, "dtype"), shape)
              : operation(graph, name, node).build().output(0));
    } else if (definition.getAttrMap().values().stream().anyMatch(WorkEstimate::namesFunctions)) {
      addUnknown(graph, name, node);
    } else {
      var operation = operation(graph, name, node).build();
      for (int i = 0; i < operation.numOutputs(); i++) {
        keep(node, i, operation.output(i));
      }
      multiplyAdds += multiplyAdds(node);
    }
  }

  private TensorShapeProto images(Node node) {
    TensorShapeProto shape = node.attribute("shape").getShape();
    return shape.getDimCount() == 4 ? GraphNodes.shape(images, size, size, 3) : shape;
  }

  private static DataType type(Node node, String attribute) {
    return node.attribute(attribute).getType();
  }

  private static Output<?> placeholder(
      Graph graph, String name, DataType type, TensorShapeProto shape) {
    return graph
        .opBuilder("Placeholder", name, graph.baseScope())
        .setAttr("dtype", GraphNodes.type(type))
        .setAttr("shape", AttrValue.newBuilder().setShape(shape).build())
        .build()
        .output(0);
  }

  private static boolean namesFunctions(AttrValue attribute) {
    return attribute.hasFunc() || attribute.getList().getFuncCount() > 0;
  }

  /** A branch or a loop: what it gives is not known, but of which types. */
  private void addUnknown(Graph graph, String name, Node node) {
    OpDef signature = Operations.of(node.op());
    int index = 0;
    for (OpDef.ArgDef argument : signature.getOutputArgList()) {
      List<DataType> types =
          argument.getTypeListAttr().isEmpty()
              ? List.of(
                  argument.getTypeAttr().isEmpty()
                      ? argument.getType()
                      : type(node, argument.getTypeAttr()))
              : node.attribute(argument.getTypeListAttr()).getList().getTypeList();
      for (DataType type : types) {
        TensorShapeProto unknown = TensorShapeProto.newBuilder().setUnknownRank(true).build();
        keep(node, index, placeholder(graph, name + "." + index, type, unknown));
        index++;
      }
    }
  }

  private OperationBuilder operation(Graph graph, String name, Node node) {
    OperationBuilder operation = graph.opBuilder(node.op(), name, graph.baseScope());
    int next = 0;
    for (OpDef.ArgDef argument : Operations.of(node.op()).getInputArgList()) {
      int length = Operations.length(argument, node.definition());
      List<Output<?>> inputs = new ArrayList<>();
      for (int i = 0; i < length; i++) {
        inputs.add(output(node, next++));
      }
      if (argument.getNumberAttr().isEmpty() && argument.getTypeListAttr().isEmpty()) {
        operation.addInput(inputs.get(0));
      } else {
        operation.addInputList(inputs.toArray(Output[]::new));
      }
    }
    node.definition()
        .getAttrMap()
        .forEach(
            (key, attribute) -> {
              if (!key.startsWith("_")) {
                operation.setAttr(key, attribute);
              }
            });
    return operation;
  }

  private Output<?> output(Node node, int index) {
    if (index >= node.inputs().size()) {
      throw new IllegalArgumentException(node + " lacks an input");
    }
    Output<?> known = outputs.get(node.input(index));
    if (known == null) {
      throw new IllegalArgumentException(node.input(index).node() + " has no such output");
    }
    return known;
  }

  private void keep(Node node, int index, Output<?> output) {
    outputs.put(new Tensor(node, index), output);
    Shape shape = output.shape();
    boolean unknown = shape.isUnknown() || shape.hasUnknownDimension();
    if (unknown) {
      // Batch normalisation has a last output that only its gradient uses, and no shape on CPUs.
      boolean idle = index > 0 && !used.contains(new Tensor(node, index));
      if (!unknownAllowed && !idle) {
        throw new IllegalArgumentException(
            "how much memory " + node + " takes cannot be told before it is run");
      }
      return;
    }
    long kept = requireSize(node, output.dataType(), elements(shape.asArray()));
    bytes.merge(node, kept, Long::sum);
  }

  private static double elements(TensorShapeProto shape) {
    return elements(shape.getDimList().stream().mapToLong(TensorShapeProto.Dim::getSize).toArray());
  }

  private static double elements(long[] shape) {
    double elements = 1;
    for (long dimension : shape) {
      elements *= Math.max(dimension, 0);
    }
    return elements;
  }

  private static long requireSize(Node node, DataType type, double elements) {
    double size = elements * bytes(type);
    if (size > MOST_TENSOR_BYTES) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s needs %.0f MB; allowed: %d MB",
              node,
              size / (1 << 20),
              MOST_TENSOR_BYTES >> 20));
    }
    return (long) size;
  }

  private static int bytes(DataType type) {
    return switch (type) {
      case DT_BOOL, DT_INT8, DT_UINT8, DT_QINT8, DT_QUINT8 -> 1;
      case DT_HALF, DT_BFLOAT16, DT_INT16, DT_UINT16, DT_QINT16, DT_QUINT16 -> 2;
      case DT_DOUBLE, DT_INT64, DT_UINT64, DT_COMPLEX64 -> 8;
      case DT_COMPLEX128, DT_STRING, DT_RESOURCE, DT_VARIANT -> 16;
      default -> 4;
    };
  }

  /** Products of a convolution or a matrix product: each element of the output takes as many. */
  private double multiplyAdds(Node node) {
    Output<?> made = outputs.get(new Tensor(node, 0));
    if (made == null || made.shape().isUnknown() || made.shape().hasUnknownDimension()) {
      return 0;
    }
    double elements = elements(made.shape().asArray());
    return switch (node.op()) {
      case "Conv2D", "Conv3D" -> elements * taps(node, 1, -1);
      case "DepthwiseConv2dNative" -> elements * taps(node, 1, -2);
      case "Conv2DBackpropInput" -> elements(shape(node, 2)) * taps(node, 1, -1);
      case "MatMul" -> elements * side(node, "transpose_a");
      case "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3" -> elements * side(node, "adj_x");
      case "Einsum" -> Math.sqrt(elements * elements(shape(node, 0)) * elements(shape(node, 1)));
      default -> 0;
    };
  }

  private long[] shape(Node node, int input) {
    if (input >= node.inputs().size()) {
      return new long[0];
    }
    Shape shape = output(node, input).shape();
    return shape.isUnknown() ? new long[0] : shape.asArray();
  }

  /** Elements of a kernel without its last dimensions, which are those of the output. */
  private double taps(Node node, int input, int dimensions) {
    long[] kernel = shape(node, input);
    double taps = 1;
    for (int i = 0; i < kernel.length + dimensions; i++) {
      taps *= kernel[i];
    }
    return taps;
  }

  private double side(Node node, String transposed) {
    long[] left = shape(node, 0);
    if (left.length < 2) {
      return 1;
    }
    return left[left.length - (node.attribute(transposed).getB() ? 2 : 1)];
  }

  /**
   * As much as is there at the same time if operations run as soon as they can, which is how they
   * are ordered. Variables count nothing, and of constants counts what their shapes make of few
   * values.
   */
  private void requireMemory(List<Node> ordered) {
    Map<Node, Integer> uses = new HashMap<>();
    for (Node node : ordered) {
      node.inputs().forEach(input -> uses.merge(input.node(), 1, Integer::sum));
    }
    double written = 0;
    long live = 0;
    for (Node node : ordered) {
      long made = bytes.getOrDefault(node, 0L);
      if (node.is("ReadVariableOp")) {
        made = 0;
      } else if (node.is("Const")) {
        made = Math.max(0, made - node.definition().getSerializedSize());
      }
      written += made;
      live += made;
      if (live > MOST_BYTES) {
        throw tooMuch("needs " + (live >> 20) + " MB at the same time by " + node, MOST_BYTES);
      }
      for (Tensor input : node.inputs()) {
        if (uses.merge(input.node(), -1, Integer::sum) == 0
            && !input.node().is("Const", "ReadVariableOp")) {
          live -= bytes.getOrDefault(input.node(), 0L);
        }
      }
    }
    if (written > MOST_WRITTEN_BYTES) {
      throw tooMuch("writes " + ((long) written >> 20) + " MB", MOST_WRITTEN_BYTES);
    }
  }

  private IllegalArgumentException tooMuch(String what, long allowed) {
    return new IllegalArgumentException(
        "for " + images + " images it " + what + "; allowed: " + (allowed >> 20) + " MB");
  }
}
