// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import io.imageembedding.model.graph.FloatTensor;
import java.util.List;
import java.util.Optional;

/** What comes after the last feature map: the mean, perhaps a classifier, perhaps a softmax. */
@Internal
public final class NetworkTail {
  private final FlatGraph graph;
  private Tensor features;
  private FloatTensor kernel;
  private FloatTensor biases;
  private boolean softmax;

  private NetworkTail(FlatGraph graph) {
    this.graph = graph;
  }

  Tensor features() {
    return features;
  }

  ClassifierHead head(int width) {
    if (kernel == null) {
      return null;
    }
    long classes = kernel.elements() / width;
    if (kernel.elements() % width != 0
        || kernel.shape()[kernel.shape().length - 1] != classes
        || biases != null && biases.elements() != classes) {
      throw new IllegalArgumentException("a classifier of another shape");
    }
    return new ClassifierHead(
        new FloatTensor(new long[] {width, classes}, kernel.bytes()),
        biases == null
            ? FloatTensor.of(new float[(int) classes], classes)
            : new FloatTensor(new long[] {classes}, biases.bytes()),
        softmax);
  }

  static NetworkTail of(FlatGraph graph, int mapSize) {
    NetworkTail tail = new NetworkTail(graph);
    Tensor current = reshaped(graph.output());
    if (current.node().is("Softmax")) {
      tail.softmax = true;
      current = reshaped(current.node().input(0));
    }
    if (!isMean(current.node(), mapSize)) {
      current = tail.beforeHead(current);
    }
    if (current == null || !isMean(current.node(), mapSize)) {
      return null;
    }
    tail.features = current.node().input(0);
    return tail.softmax && tail.kernel == null ? null : tail;
  }

  /** What makes probabilities of the output; empty where it is something else. */
  public static Optional<Node> softmax(FlatGraph graph) {
    Node node = graph.output().node();
    while (node.is("Reshape", "Squeeze")) {
      node = node.input(0).node();
    }
    return node.is("Softmax") ? Optional.of(node) : Optional.empty();
  }

  private static Tensor reshaped(Tensor tensor) {
    Tensor current = tensor;
    while (current.node().is("Reshape", "Squeeze", "ExpandDims") || addsAxes(current.node())) {
      current = current.node().input(0);
    }
    return current;
  }

  /** Whether it is a slice like {@code [:, None, None, :]}. */
  private static boolean addsAxes(Node node) {
    if (!node.is("StridedSlice")) {
      return false;
    }
    long added = node.attribute("new_axis_mask").getI();
    long whole = node.attribute("begin_mask").getI() & node.attribute("end_mask").getI();
    int axes = Attributes.ints(node.input(1)).size();
    return added != 0
        && axes <= 8
        && (added | whole | node.attribute("ellipsis_mask").getI()) == (1L << axes) - 1
        && node.attribute("shrink_axis_mask").getI() == 0;
  }

  private Tensor beforeHead(Tensor tensor) {
    Node node = tensor.node();
    if (node.is("BiasAdd", "BiasAddV1", "Add", "AddV2")) {
      int side = graph.value(node.input(1)).isPresent() ? 1 : 0;
      biases = graph.value(node.input(side)).orElse(null);
      if (biases == null) {
        return null;
      }
      node = reshaped(node.input(1 - side)).node();
    }
    boolean product =
        node.is("MatMul")
            && !node.attribute("transpose_a").getB()
            && !node.attribute("transpose_b").getB();
    boolean convolution =
        node.is("Conv2D") && Attributes.hasInts(node, "strides", 1) && Attributes.isNhwc(node);
    if (!product && !convolution) {
      return null;
    }
    kernel = graph.value(node.input(1)).orElse(null);
    boolean pointwise =
        kernel != null && (product || kernel.shape()[0] == 1 && kernel.shape()[1] == 1);
    return pointwise ? reshaped(node.input(0)) : null;
  }

  private static boolean isMean(Node node, int mapSize) {
    if (node.is("Mean")) {
      return isHeightAndWidth(node.input(1));
    }
    return node.is("AvgPool")
        && Attributes.isNhwc(node)
        && Attributes.hasInts(node, "ksize", mapSize)
        && (node.attribute("padding").getS().toStringUtf8().equals("VALID") || mapSize == 1);
  }

  /** Whether they are these axes of images, counted from either end. */
  static boolean isHeightAndWidth(Tensor constant) {
    List<Integer> axes = Attributes.ints(constant).stream().map(axis -> (axis + 4) % 4).toList();
    return axes.equals(List.of(1, 2)) || axes.equals(List.of(2, 1));
  }
}
