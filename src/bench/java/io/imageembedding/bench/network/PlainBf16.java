// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.network;

import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.MobileNetV2.Operations;
import io.imageembedding.model.network.NetworkWeights;
import java.util.List;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.RewriterConfig;
import org.tensorflow.types.TFloat32;

/**
 * The same weights, folded, in a graph of TensorFlow that its own optimiser turns into bfloat16
 * from end to end, without the care that keeps ours near fp32.
 */
public final class PlainBf16 implements AutoCloseable {
  public static final String INPUT = "images";
  public static final String OUTPUT = "features";

  private static final String PADDING = "SAME";

  private static final ConfigProto CONFIG =
      ConfigProto.newBuilder()
          .setIntraOpParallelismThreads(1)
          .setInterOpParallelismThreads(-1)
          .setGraphOptions(
              GraphOptions.newBuilder()
                  .setRewriteOptions(
                      RewriterConfig.newBuilder()
                          .setAutoMixedPrecisionOnednnBfloat16(RewriterConfig.Toggle.ON)))
          .build();

  private final Graph graph = new Graph();
  private final Session session;

  public PlainBf16(NetworkWeights weights) {
    Ops tf = Ops.create(graph);
    Operand<TFloat32> images = tf.withName(INPUT).placeholder(TFloat32.class);
    Operand<TFloat32> centred = tf.math.sub(tf.math.mul(images, tf.constant(2f)), tf.constant(1f));
    Operations<Operand<TFloat32>> operations =
        new Operations<>() {
          @Override
          public Operand<TFloat32> layer(Layer layer, Operand<TFloat32> input) {
            return convolve(tf, FoldedLayer.of(layer, weights.variables()), input);
          }

          @Override
          public Operand<TFloat32> residual(
              String scope, Operand<TFloat32> input, Operand<TFloat32> output) {
            return tf.math.add(input, output);
          }
        };
    Operand<TFloat32> last = weights.network().walk(centred, operations);
    tf.withName(OUTPUT).math.mean(last, tf.constant(new int[] {1, 2}));
    session = new Session(graph, CONFIG);
  }

  private static Operand<TFloat32> convolve(Ops tf, FoldedLayer folded, Operand<TFloat32> input) {
    Layer layer = folded.layer();
    Operand<TFloat32> kernel =
        tf.constant(Shape.of(layer.weightsShape()), DataBuffers.of(folded.kernelLastOutputs()));
    List<Long> strides = List.of(1L, (long) layer.stride(), (long) layer.stride(), 1L);
    Operand<TFloat32> product =
        layer.depthwise()
            ? tf.nn.depthwiseConv2dNative(input, kernel, strides, PADDING)
            : tf.nn.conv2d(input, kernel, strides, PADDING);
    Operand<TFloat32> sum = tf.nn.biasAdd(product, tf.constant(folded.biases()));
    return layer.relu6() ? tf.nn.relu6(sum) : sum;
  }

  public Session session() {
    return session;
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
