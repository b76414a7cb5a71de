// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FlatGraph.Node;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import io.imageembedding.model.graph.FloatTensor;
import java.util.Optional;

/**
 * Batch normalisation for inference.
 *
 * @param input what is normalised
 * @param gamma tensor of factors; null where they are all 1
 * @param beta tensor of biases
 * @param mean tensor of moving means
 * @param variance tensor of moving variances
 */
record BatchNorm(
    FlatGraph graph,
    Tensor input,
    Tensor gamma,
    Tensor beta,
    Tensor mean,
    Tensor variance,
    double epsilon) {

  /** Default of the operations where the attribute is absent. */
  private static final double DEFAULT_EPSILON = 1e-4;

  static Optional<BatchNorm> fused(FlatGraph graph, Node node) {
    boolean training =
        !node.definition().containsAttr("is_training") || node.attribute("is_training").getB();
    if (training || node.inputs().size() != 5) {
      return Optional.empty();
    }
    double epsilon =
        node.definition().containsAttr("epsilon")
            ? node.attribute("epsilon").getF()
            : DEFAULT_EPSILON;
    return Optional.of(
            new BatchNorm(
                graph,
                node.input(0),
                node.input(1),
                node.input(2),
                node.input(3),
                node.input(4),
                epsilon))
        .filter(BatchNorm::isConstant);
  }

  /**
   * As {@code tf.nn.batch_normalization} writes it: {@code x * inv + (beta - mean * inv)} with
   * {@code inv = rsqrt(variance + epsilon) * gamma}.
   */
  static Optional<BatchNorm> spelledOut(FlatGraph graph, Tensor tensor) {
    Node sum = tensor.node();
    if (!sum.is("Add", "AddV2")) {
      return Optional.empty();
    }
    for (int side = 0; side < 2; side++) {
      Node scaled = sum.input(side).node();
      Node shift = sum.input(1 - side).node();
      if (scaled.is("Mul") && shift.is("Sub") && shift.input(1).node().is("Mul")) {
        Node shiftOfMean = shift.input(1).node();
        for (int factor = 0; factor < 2; factor++) {
          Tensor inverse = scaled.input(factor);
          int other = shiftOfMean.input(0).equals(inverse) ? 1 : 0;
          if (shiftOfMean.input(1 - other).equals(inverse)) {
            Optional<BatchNorm> found =
                ofInverse(
                    graph,
                    scaled.input(1 - factor),
                    inverse.node(),
                    shift.input(0),
                    shiftOfMean.input(other));
            if (found.isPresent()) {
              return found;
            }
          }
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<BatchNorm> ofInverse(
      FlatGraph graph, Tensor input, Node inverse, Tensor beta, Tensor mean) {
    Node root = inverse;
    Tensor gamma = null;
    if (inverse.is("Mul")) {
      int side = inverse.input(0).node().is("Rsqrt") ? 0 : 1;
      root = inverse.input(side).node();
      gamma = inverse.input(1 - side);
    }
    if (!root.is("Rsqrt") || !root.input(0).node().is("Add", "AddV2")) {
      return Optional.empty();
    }
    Node sum = root.input(0).node();
    int side = graph.value(sum.input(1)).filter(value -> value.elements() == 1).isPresent() ? 1 : 0;
    Optional<FloatTensor> epsilon =
        graph.value(sum.input(side)).filter(value -> value.elements() == 1);
    if (epsilon.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
            new BatchNorm(
                graph, input, gamma, beta, mean, sum.input(1 - side), epsilon.get().values()[0]))
        .filter(BatchNorm::isConstant);
  }

  private boolean isConstant() {
    return (gamma == null || graph.value(gamma).isPresent())
        && graph.value(beta).isPresent()
        && graph.value(mean).isPresent()
        && graph.value(variance).isPresent();
  }

  Affine.Step step() {
    float[] means = graph.value(mean).orElseThrow().values();
    float[] variances = graph.value(variance).orElseThrow().values();
    float[] betas = graph.value(beta).orElseThrow().values();
    float[] gammas = gamma == null ? null : graph.value(gamma).orElseThrow().values();
    int channels = variances.length;
    if (means.length != channels
        || betas.length != channels
        || gammas != null && gammas.length != channels) {
      throw new IllegalArgumentException("a batch normalisation has parts of different lengths");
    }
    double[] scale = new double[channels];
    double[] shift = new double[channels];
    for (int c = 0; c < channels; c++) {
      scale[c] = (gammas == null ? 1 : gammas[c]) / Math.sqrt(variances[c] + epsilon);
      shift[c] = betas[c] - means[c] * scale[c];
    }
    return new Affine.Step(new Affine(scale, shift), input);
  }
}
