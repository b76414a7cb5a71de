// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.engine;

import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.network.PlainBf16;
import java.nio.file.Path;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;

/** A session of TensorFlow, which several engines may share, as many threads may call it. */
final class SessionEngine implements Engine {
  private static final String TAG = "serve";
  private static final String SIGNATURE = "serving_default";

  private final Session session;
  private final String input;
  private final String output;
  private TFloat32 images;
  private int count;

  private SessionEngine(Session session, String input, String output) {
    this.session = session;
    this.input = input;
    this.output = output;
  }

  /** A SavedModel as TensorFlow-Java loads it, with TensorFlow's own settings. */
  static Factory ofSavedModel(Path folder) {
    SavedModelBundle bundle =
        SavedModelBundle.load(folder.resolve(Fixtures.SAVED_MODEL).toString(), TAG);
    SignatureDef signature = bundle.metaGraphDef().getSignatureDefOrThrow(SIGNATURE);
    return factory(
        bundle.session(),
        signature.getInputsMap().values().iterator().next().getName(),
        signature.getOutputsMap().values().iterator().next().getName(),
        bundle);
  }

  /** A network that TensorFlow itself turns into bfloat16, wherever it can. */
  static Factory ofPlainBf16() {
    PlainBf16 network = new PlainBf16(Fixtures.weights());
    return factory(network.session(), PlainBf16.INPUT, PlainBf16.OUTPUT, network);
  }

  private static Factory factory(
      Session session, String input, String output, AutoCloseable owner) {
    return new Factory() {
      @Override
      public Engine create() {
        return new SessionEngine(session, input, output);
      }

      @Override
      public void close() throws Exception {
        owner.close();
      }
    };
  }

  @Override
  public void load(float[] pixels, int images) {
    close();
    this.images =
        TFloat32.tensorOf(
            Shape.of(images, Fixtures.SIZE, Fixtures.SIZE, 3),
            DataBuffers.of(pixels, true, false).slice(0, (long) images * Fixtures.PIXELS));
    count = images;
  }

  @Override
  public float[][] embed() {
    try (Result result = session.runner().feed(input, images).fetch(output).run()) {
      FloatDataBuffer values = result.get(0).asRawTensor().data().asFloats();
      float[][] vectors = new float[count][(int) (values.size() / count)];
      for (int i = 0; i < count; i++) {
        values.offset((long) i * vectors[i].length).read(vectors[i]);
      }
      return vectors;
    }
  }

  @Override
  public void close() {
    if (images != null) {
      images.close();
      images = null;
    }
  }
}
