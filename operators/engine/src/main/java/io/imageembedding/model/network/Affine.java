// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import io.imageembedding.model.graph.FloatTensor;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;

/**
 * What follows a convolution, as one multiplication and one addition for each channel: batch
 * normalisation, fused or spelled out, biases, factors.
 *
 * @param scale one value, or one for each channel
 * @param shift one value, or one for each channel
 */
record Affine(double[] scale, double[] shift) {
  private static final Set<String> SHAPES = Set.of("Reshape", "Squeeze", "ExpandDims");
  private static final int MAX_DEPTH = 16;

  static final Affine IDENTITY = new Affine(new double[] {1}, new double[] {0});

  /** An affine operation, and the tensor that it is applied to. */
  record Step(Affine affine, Tensor input) {}

  /** First the inner one, then this. */
  Affine after(Affine inner) {
    return new Affine(
        combine("Mul", scale, inner.scale),
        combine("Add", combine("Mul", scale, inner.shift), shift));
  }

  /** The operation that makes the tensor, if it is affine. */
  static Optional<Step> step(FlatGraph graph, Tensor tensor) {
    Node node = tensor.node();
    if (node.op().startsWith("FusedBatchNorm")) {
      return tensor.index() == 0 ? BatchNorm.fused(graph, node).map(BatchNorm::step) : none();
    }
    if (!node.is("Add", "AddV2", "BiasAdd", "BiasAddV1", "Sub", "Mul", "RealDiv", "Div")) {
      return none();
    }
    Optional<double[]> right = vector(graph, node.input(1), 0);
    Optional<double[]> left =
        right.isPresent() ? Optional.empty() : vector(graph, node.input(0), 0);
    if (right.isPresent()) {
      return Optional.of(new Step(ofRight(node.op(), right.get()), node.input(0)));
    }
    return left.flatMap(
        value -> ofLeft(node.op(), value).map(affine -> new Step(affine, node.input(1))));
  }

  private static Optional<Step> none() {
    return Optional.empty();
  }

  private static Affine ofRight(String op, double[] value) {
    return switch (op) {
      case "Sub" -> new Affine(new double[] {1}, combine("Mul", new double[] {-1}, value));
      case "Mul" -> new Affine(value, new double[] {0});
      case "RealDiv", "Div" ->
          new Affine(combine("RealDiv", new double[] {1}, value), new double[1]);
      default -> new Affine(new double[] {1}, value);
    };
  }

  private static Optional<Affine> ofLeft(String op, double[] value) {
    return switch (op) {
      case "Add", "AddV2" -> Optional.of(new Affine(new double[] {1}, value));
      case "Sub" -> Optional.of(new Affine(new double[] {-1}, value));
      case "Mul" -> Optional.of(new Affine(value, new double[] {0}));
      default -> Optional.empty();
    };
  }

  /** The value of a tensor that depends on constants and variables only, as one row. */
  static Optional<double[]> vector(FlatGraph graph, Tensor tensor, int depth) {
    Optional<double[]> held = graph.value(tensor).map(Affine::row);
    if (held.isPresent() || depth > MAX_DEPTH) {
      return held;
    }
    Node node = tensor.node();
    if (node.inputs().isEmpty()) {
      return Optional.empty();
    }
    Optional<double[]> first = vector(graph, node.input(0), depth + 1);
    if (first.isEmpty() || SHAPES.contains(node.op())) {
      return first;
    }
    return switch (node.op()) {
      case "Rsqrt" -> first.map(row -> each(row, value -> 1 / Math.sqrt(value)));
      case "Sqrt" -> first.map(row -> each(row, Math::sqrt));
      case "Neg" -> first.map(row -> each(row, value -> -value));
      case "Reciprocal", "Inv" -> first.map(row -> each(row, value -> 1 / value));
      case "Square" -> first.map(row -> each(row, value -> value * value));
      case "Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Maximum", "Minimum", "Pow" -> {
        Optional<double[]> second = vector(graph, node.input(1), depth + 1);
        yield second
            .filter(row -> fit(first.get(), row))
            .map(row -> combine(node.op(), first.get(), row));
      }
      default -> Optional.empty();
    };
  }

  private static double[] row(FloatTensor tensor) {
    float[] values = tensor.values();
    double[] row = new double[values.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = values[i];
    }
    return row;
  }

  private static double[] each(double[] row, DoubleUnaryOperator operation) {
    return Arrays.stream(row).map(operation).toArray();
  }

  private static boolean fit(double[] a, double[] b) {
    return a.length == 1 || b.length == 1 || a.length == b.length;
  }

  /**
   * @throws IllegalArgumentException if the lengths do not fit
   */
  private static double[] combine(String op, double[] a, double[] b) {
    if (!fit(a, b)) {
      throw new IllegalArgumentException(a.length + " and " + b.length + " channels do not fit");
    }
    double[] result = new double[Math.max(a.length, b.length)];
    for (int i = 0; i < result.length; i++) {
      double left = a[a.length == 1 ? 0 : i];
      double right = b[b.length == 1 ? 0 : i];
      result[i] =
          switch (op) {
            case "Sub" -> left - right;
            case "Mul" -> left * right;
            case "RealDiv", "Div" -> left / right;
            case "Maximum" -> Math.max(left, right);
            case "Minimum" -> Math.min(left, right);
            case "Pow" -> Math.pow(left, right);
            default -> left + right;
          };
    }
    return result;
  }
}
