// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.network;

import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.MobileNetV2.Layer;
import java.util.Map;

/**
 * A convolution's kernel and biases with its batch normalisation folded in, as rivals take them.
 *
 * @param kernel {@code [outputs, inputs / groups, height, width]}
 */
public record FoldedLayer(Layer layer, float[] kernel, float[] biases) {

  public static FoldedLayer of(Layer layer, Map<String, FloatTensor> variables) {
    float[] gamma = variables.get(layer.batchNorm("gamma")).values();
    float[] beta = variables.get(layer.batchNorm("beta")).values();
    float[] mean = variables.get(layer.batchNorm("moving_mean")).values();
    float[] variance = variables.get(layer.batchNorm("moving_variance")).values();
    float[] weights = variables.get(layer.weights()).values();
    int outputs = layer.outputs();
    float[] kernel = new float[weights.length];
    float[] biases = new float[outputs];
    int inner = weights.length / outputs;
    int area = layer.kernel() * layer.kernel();
    for (int o = 0; o < outputs; o++) {
      double scale = gamma[o] / Math.sqrt(variance[o] + MobileNetV2.EPSILON);
      biases[o] = (float) (beta[o] - mean[o] * scale);
      for (int i = 0; i < inner; i++) {
        // From [height, width, inputs, outputs], where a depthwise kernel has its outputs, too,
        // last.
        int input = i / area;
        int place = i % area;
        int inputs = inner / area;
        kernel[o * inner + i] = (float) (weights[(place * inputs + input) * outputs + o] * scale);
      }
    }
    return new FoldedLayer(layer, kernel, biases);
  }

  /** The kernel as TensorFlow takes it, {@code [height, width, inputs / groups, outputs]}. */
  float[] kernelLastOutputs() {
    int outputs = layer.outputs();
    int inputs = layer.inputs() / groups();
    int area = layer.kernel() * layer.kernel();
    float[] turned = new float[kernel.length];
    for (int i = 0; i < kernel.length; i++) {
      int place = i % area;
      int input = i / area % inputs;
      int output = i / (area * inputs);
      turned[(place * inputs + input) * outputs + output] = kernel[i];
    }
    return turned;
  }

  public int groups() {
    return layer.depthwise() ? layer.inputs() : 1;
  }

  public long[] shape() {
    return new long[] {layer.outputs(), layer.inputs() / groups(), layer.kernel(), layer.kernel()};
  }
}
