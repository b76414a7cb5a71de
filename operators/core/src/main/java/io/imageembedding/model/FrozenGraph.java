// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import com.google.protobuf.InvalidProtocolBufferException;
import io.imageembedding.model.Choices.Choice;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;

/**
 * A graph in a {@code .pb} file whose variables are constants. Input and output are those that the
 * options name, else the only placeholder of images and the only node that nothing else uses.
 */
final class FrozenGraph {
  private static final Set<String> NO_RESULTS = Set.of("NoOp", "Const", "Placeholder", "Assert");

  private final String model;
  private final GraphDef graph;
  private final ModelOptions options;

  private FrozenGraph(String model, GraphDef graph, ModelOptions options) {
    this.model = model;
    this.graph = graph;
    this.options = options;
  }

  static OpenedModel open(String name, Path file, ModelOptions options) {

    GraphDef graph;
    try {
      graph = GraphDef.parseFrom(ModelFile.bytes(name, file));
    } catch (InvalidProtocolBufferException e) {
      throw new ModelException("model " + name + ": it is no GraphDef, or damaged", e);
    }
    if (graph.getNodeCount() == 0) {
      throw new ModelException("model " + name + ": it is no GraphDef, it has no nodes");
    }
    FrozenGraph frozen = new FrozenGraph(name, graph, options);
    NodeDef input = frozen.input();
    int size =
        ImageShape.size(shape(input), options)
            .orElseThrow(
                () ->
                    new ModelException(
                        "model "
                            + name
                            + ": its input "
                            + input.getName()
                            + " takes "
                            + ImageShape.text(shape(input))
                            + "; needed: [any, size, size, 3], or the input size as an option"));
    return MainGraph.open(
        Origin.plain(
            name,
            "frozen graph",
            file.toAbsolutePath().getParent(),
            Choice.INPUT_NAME,
            Choice.OUTPUT_NAME),
        graph,
        input.getName(),
        size,
        frozen.output(),
        null,
        AllowedOperations.with(options),
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
    if (candidates.size() != 1) {
      throw choice("input", options.input(), candidates);
    }
    return candidates.get(0);
  }

  private List<NodeDef> nodes(Predicate<NodeDef> filter) {
    return graph.getNodeList().stream().filter(filter).toList();
  }

  private static boolean isPlaceholder(NodeDef node) {
    return node.getOp().startsWith("Placeholder")
        && node.getAttrOrDefault("dtype", AttrValue.getDefaultInstance()).getType()
            == DataType.DT_FLOAT;
  }

  /** The shape of a placeholder; no shape at all is an unknown one. */
  private static TensorShapeProto shape(NodeDef node) {
    AttrValue shape = node.getAttrMap().get("shape");
    return shape == null || shape.getShape().getDimCount() == 0
        ? TensorShapeProto.newBuilder().setUnknownRank(true).build()
        : shape.getShape();
  }

  private String output() {
    if (options.output() != null) {
      return options.output();
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
    return ends.get(0).getName();
  }

  private ModelException choice(String kind, String named, List<NodeDef> found) {
    String what =
        named == null ? (found.isEmpty() ? "no " : "more than one ") + kind : "no " + named;
    String names = String.join(", ", found.stream().limit(10).map(NodeDef::getName).toList());
    return new ModelException(
        "model "
            + model
            + ": its graph has "
            + what
            + (names.isEmpty() ? "" : "; found: " + names + "; name the " + kind));
  }
}
