// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import com.google.protobuf.InvalidProtocolBufferException;
import io.imageembedding.annotation.Internal;
import io.imageembedding.model.Choice;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.graph.Operations;
import io.imageembedding.model.optimize.OpenedModel;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * A graph in a {@code .pb} file whose variables are constants. Input and output are those that the
 * options name, else the only placeholder of images and the only node that nothing else uses.
 */
@Internal
public final class FrozenGraph {
  private static final Set<String> FIRST_OF_A_NETWORK =
      Set.of("Conv2D", "DepthwiseConv2dNative", "FusedBatchNorm", "FusedBatchNormV3", "Pad");
  private static final Set<String> NO_RESULTS = Set.of("NoOp", "Const", "Placeholder", "Assert");

  private final String model;
  private final GraphDef graph;
  private final ModelOptions options;

  private FrozenGraph(String model, GraphDef graph, ModelOptions options) {
    this.model = model;
    this.graph = graph;
    this.options = options;
  }

  public static OpenedModel open(String name, Path file, ModelOptions options) {

    GraphDef graph;
    try {
      graph = GraphDef.parseFrom(ModelFile.bytes(name, file, GraphDef.getDescriptor()));
    } catch (InvalidProtocolBufferException e) {
      throw ModelException.of(name, "it is no GraphDef, or damaged", e);
    }
    if (graph.getNodeCount() == 0) {
      throw ModelException.of(name, "it is no GraphDef, it has no nodes");
    }
    FrozenGraph frozen = new FrozenGraph(name, graph, options);
    NodeDef input = frozen.input();
    int size =
        ImageShape.size(shape(input), options)
            .orElseThrow(
                () ->
                    ModelException.of(
                        name,
                        "its input "
                            + input.getName()
                            + " takes "
                            + ImageShape.text(Operations.type(input, 0), shape(input))
                            + "; needed: float32 or uint8 [any, size, size, 3], or the input size by"
                            + " --input-size"));
    if (!NetworkPorts.takes(Operations.type(input, 0))) {
      throw ModelException.of(
          name,
          "its input "
              + input.getName()
              + " takes "
              + ImageShape.text(Operations.type(input, 0), shape(input))
              + "; needed: float32 or uint8");
    }
    return MainGraph.open(
        ModelOrigin.plain(
            name,
            "frozen graph",
            file.toAbsolutePath().getParent(),
            Choice.INPUT_NAME,
            Choice.OUTPUT_NAME,
            Choice.INPUT_RANGE),
        graph,
        tensor(options.input() != null ? options.input() : input.getName(), input),
        size,
        frozen.output(),
        null,
        options,
        OpenedModel.Training.UNKNOWN);
  }

  private NodeDef input() {
    List<NodeDef> candidates =
        options.input() != null
            ? nodes(node -> node.getName().equals(MainGraph.Tensor.parse(options.input()).node()))
            : nodes(node -> isPlaceholder(node) && shape(node).getDimCount() == 4);
    if (candidates.isEmpty() && options.input() == null) {
      candidates =
          nodes(
              node ->
                  node.getOp().equals("Placeholder")
                      && isPlaceholder(node)
                      && shape(node).getUnknownRank());
    }
    if (candidates.isEmpty() && options.input() == null) {
      behindDecoding()
          .ifPresent(
              tensor -> {
                throw ModelException.of(
                    model,
                    "it decodes images itself; name the tensor behind decoding and"
                        + " resizing, which is fed instead: --input-name "
                        + tensor
                        + " --input-size N"
                        + " (and what it holds by --input-range)");
              });
    }
    if (candidates.size() != 1) {
      throw choice("input", options.input(), candidates);
    }
    return candidates.get(0);
  }

  /** What the first convolution behind a placeholder of encoded images computes on. */
  private Optional<String> behindDecoding() {
    Set<String> decoded = new HashSet<>();
    nodes(node -> Operations.type(node, 0) == DataType.DT_STRING && isInput(node))
        .forEach(node -> decoded.add(node.getName()));
    int known = 0;
    while (decoded.size() > known) {
      known = decoded.size();
      for (NodeDef node : graph.getNodeList()) {
        List<String> inputs =
            node.getInputList().stream()
                .map(input -> MainGraph.Tensor.parse(input).node())
                .toList();
        if (inputs.stream().anyMatch(decoded::contains)) {
          if (FIRST_OF_A_NETWORK.contains(node.getOp())) {
            return Optional.of(inputs.get(0));
          }
          decoded.add(node.getName());
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isInput(NodeDef node) {
    return node.getOp().startsWith("Placeholder");
  }

  private List<NodeDef> nodes(Predicate<NodeDef> filter) {
    return graph.getNodeList().stream().filter(filter).toList();
  }

  private static boolean isPlaceholder(NodeDef node) {
    return isInput(node) && NetworkPorts.takes(Operations.type(node, 0));
  }

  /** The shape of a placeholder; no shape at all is an unknown one. */
  private static TensorShapeProto shape(NodeDef node) {
    AttrValue shape = node.getAttrMap().get("shape");
    return shape == null || shape.getShape().getDimCount() == 0
        ? TensorShapeProto.newBuilder().setUnknownRank(true).build()
        : shape.getShape();
  }

  private static TensorInfo tensor(String name, NodeDef node) {
    int index = MainGraph.Tensor.parse(name).index();
    return TensorInfo.newBuilder().setName(name).setDtype(Operations.type(node, index)).build();
  }

  private TensorInfo output() {
    if (options.output() != null) {
      String name = MainGraph.Tensor.parse(options.output()).node();
      return nodes(node -> node.getName().equals(name)).stream()
          .findFirst()
          .map(node -> tensor(options.output(), node))
          .orElseThrow(() -> choice("output", options.output(), List.of()));
    }
    Set<String> used = new HashSet<>();
    graph.getNodeList().stream()
        .flatMap(node -> node.getInputList().stream())
        .forEach(input -> used.add(MainGraph.Tensor.parse(input).node()));
    List<NodeDef> ends =
        graph.getNodeList().stream()
            .filter(node -> !used.contains(node.getName()) && !NO_RESULTS.contains(node.getOp()))
            .toList();
    if (ends.size() != 1) {
      throw choice("output", null, ends);
    }
    return tensor(ends.get(0).getName(), ends.get(0));
  }

  private ModelException choice(String kind, String named, List<NodeDef> found) {
    String what =
        named == null ? (found.isEmpty() ? "no " : "more than one ") + kind : "no " + named;
    String names = String.join(", ", found.stream().limit(10).map(NodeDef::getName).toList());
    return ModelException.of(
        model,
        "its graph has "
            + what
            + (names.isEmpty() ? "" : "; found: " + names + "; name the " + kind));
  }
}
