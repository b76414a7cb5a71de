// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.MobileNetV2.Block;
import io.imageembedding.model.network.MobileNetV2.Layer;
import java.util.HashMap;
import java.util.Map;

/** MobileNetV2 written out in loops and float64, with no help of TensorFlow: slow, and plain. */
public final class ReferenceNetwork {

  /** A batch of feature maps, {@code [image][row][column][channel]}. */
  private record Maps(int count, int size, int channels, double[] values) {
    Maps(int count, int size, int channels) {
      this(count, size, channels, new double[count * size * size * channels]);
    }

    int at(int image, int row, int column) {
      return ((image * size + row) * size + column) * channels;
    }
  }

  /** Of a layer's output before normalisation; the variance with Bessel's correction. */
  public record Statistics(double[] mean, double[] variance) {}

  private final NetworkWeights weights;
  private final boolean training;
  private final Map<String, Statistics> statistics = new HashMap<>();

  public ReferenceNetwork(NetworkWeights weights, boolean training) {
    this.weights = weights;
    this.training = training;
  }

  /** What the last call found, by the layers' scopes; in training only. */
  public Map<String, Statistics> statistics() {
    return statistics;
  }

  /** Features of images, one row for each. */
  public double[][] features(float[]... images) {
    MobileNetV2 network = weights.network();
    Maps current = new Maps(images.length, network.inputSize(), 3);
    for (int i = 0; i < images.length; i++) {
      for (int j = 0; j < images[i].length; j++) {
        current.values()[i * images[i].length + j] = images[i][j] * 2.0 - 1;
      }
    }
    for (Block block : network.blocks()) {
      Maps before = current;
      for (Layer layer : block.layers()) {
        current = normalised(layer, convolution(layer, current));
      }
      if (block.residual()) {
        for (int i = 0; i < current.values().length; i++) {
          current.values()[i] += before.values()[i];
        }
      }
    }
    int pixels = current.size() * current.size();
    double[][] features = new double[images.length][current.channels()];
    for (int i = 0; i < current.values().length; i++) {
      int image = i / (pixels * current.channels());
      features[image][i % current.channels()] += current.values()[i] / pixels;
    }
    return features;
  }

  public double[] scores(double[] features) {
    ClassifierHead head = weights.head();
    float[] kernel = head.kernel().values();
    float[] biases = head.biases().values();
    double[] scores = new double[head.classes()];
    double sum = 0;
    for (int c = 0; c < scores.length; c++) {
      scores[c] = biases[c];
      for (int f = 0; f < features.length; f++) {
        scores[c] += features[f] * kernel[f * scores.length + c];
      }
      sum += Math.exp(scores[c]);
    }
    for (int c = 0; c < scores.length && head.softmax(); c++) {
      scores[c] = Math.exp(scores[c]) / sum;
    }
    return scores;
  }

  private Maps convolution(Layer layer, Maps in) {
    float[] kernel = weights.variables().get(layer.weights()).values();
    int outSize = (in.size() + layer.stride() - 1) / layer.stride();
    int k = layer.kernel();
    int before = Math.max(0, (outSize - 1) * layer.stride() + k - in.size()) / 2;
    Maps out = new Maps(in.count(), outSize, layer.outputs());
    for (int place = 0; place < in.count() * outSize * outSize * k * k; place++) {
      int kx = place % k;
      int ky = place / k % k;
      int x = place / (k * k) % outSize;
      int y = place / (k * k * outSize) % outSize;
      int image = place / (k * k * outSize * outSize);
      int fromX = x * layer.stride() + kx - before;
      int fromY = y * layer.stride() + ky - before;
      if (fromX >= 0 && fromX < in.size() && fromY >= 0 && fromY < in.size()) {
        int from = in.at(image, fromY, fromX);
        int to = out.at(image, y, x);
        for (int c = 0; c < in.channels(); c++) {
          int weight = (ky * k + kx) * in.channels() + c;
          double value = in.values()[from + c];
          if (layer.depthwise()) {
            out.values()[to + c] += value * kernel[weight];
          } else {
            for (int o = 0; o < out.channels(); o++) {
              out.values()[to + o] += value * kernel[weight * out.channels() + o];
            }
          }
        }
      }
    }
    return out;
  }

  private Maps normalised(Layer layer, Maps in) {
    double[] mean = doubles(layer.batchNorm("moving_mean"));
    double[] variance = doubles(layer.batchNorm("moving_variance"));
    if (training) {
      int n = in.values().length / in.channels();
      mean = new double[in.channels()];
      variance = new double[in.channels()];
      for (int i = 0; i < in.values().length; i++) {
        mean[i % in.channels()] += in.values()[i] / n;
      }
      double[] corrected = new double[in.channels()];
      for (int i = 0; i < in.values().length; i++) {
        double square = Math.pow(in.values()[i] - mean[i % in.channels()], 2);
        variance[i % in.channels()] += square / n;
        corrected[i % in.channels()] += square / (n - 1);
      }
      statistics.put(layer.scope(), new Statistics(mean, corrected));
    }
    double[] gamma = doubles(layer.batchNorm("gamma"));
    double[] beta = doubles(layer.batchNorm("beta"));
    Maps out = new Maps(in.count(), in.size(), in.channels());
    for (int i = 0; i < in.values().length; i++) {
      int c = i % in.channels();
      double scale = gamma[c] / Math.sqrt(variance[c] + MobileNetV2.EPSILON);
      double value = (in.values()[i] - mean[c]) * scale + beta[c];
      out.values()[i] = layer.relu6() ? Math.max(0, Math.min(6, value)) : value;
    }
    return out;
  }

  private double[] doubles(String variable) {
    FloatTensor tensor = weights.variables().get(variable);
    float[] floats = tensor.values();
    double[] values = new double[floats.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = floats[i];
    }
    return values;
  }
}
