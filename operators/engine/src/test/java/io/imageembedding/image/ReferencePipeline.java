// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.tensorflow.TensorFlowRuntime;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.image.DecodeImage;
import org.tensorflow.op.image.ResizeBilinear;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/** {@code decode_image}, {@code convert_image_dtype} and {@code resize} as TensorFlow's own ops. */
final class ReferencePipeline implements AutoCloseable {
  private final Graph graph = new Graph();
  private final Placeholder<TString> encoded;
  private final Placeholder<TInt32> size;
  private final ResizeBilinear resized;
  private final Session session;

  ReferencePipeline() {
    Ops tf = Ops.create(graph);
    encoded = tf.placeholder(TString.class);
    size = tf.placeholder(TInt32.class);
    DecodeImage<TUint8> pixels =
        tf.image.decodeImage(
            encoded, TUint8.class, DecodeImage.channels(3L), DecodeImage.expandAnimations(false));
    var scaled =
        tf.math.mul(tf.dtypes.cast(pixels, TFloat32.class), tf.constant((float) (1.0 / 255)));
    resized =
        tf.image.resizeBilinear(
            tf.expandDims(scaled, tf.constant(0)), size, ResizeBilinear.halfPixelCenters(true));
    session = TensorFlowRuntime.newSession(graph);
  }

  /** The pixels, or null if TensorFlow does not decode it. */
  float[] decode(byte[] file, int side) {
    try (TString bytes = TString.tensorOfBytes(NdArrays.scalarOfObject(file));
        TInt32 sides = TInt32.vectorOf(side, side);
        Result result =
            session.runner().feed(encoded, bytes).feed(size, sides).fetch(resized).run()) {
      float[] values = new float[side * side * 3];
      result.get(0).asRawTensor().data().asFloats().read(values);
      return values;
    } catch (TensorFlowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      return null;
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
