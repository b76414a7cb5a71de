// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import java.nio.file.Path;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;

/** A SavedModel as TensorFlow-Java loads it, with TensorFlow's own settings. */
final class SavedModelEngine implements Engine {
  private static final String TAG = "serve";
  private static final String SIGNATURE = "serving_default";

  private final Session session;
  private final String input;
  private final String output;
  private TFloat32 images;
  private int count;

  private SavedModelEngine(SavedModelBundle bundle) {
    session = bundle.session();
    SignatureDef signature = bundle.metaGraphDef().getSignatureDefOrThrow(SIGNATURE);
    input = signature.getInputsMap().values().iterator().next().getName();
    output = signature.getOutputsMap().values().iterator().next().getName();
  }

  /** All engines share a model, as its session may be called by many threads. */
  static Factory factory(Path folder) {
    SavedModelBundle bundle =
        SavedModelBundle.load(folder.resolve(Fixtures.SAVED_MODEL).toString(), TAG);
    return new Factory() {
      @Override
      public Engine create() {
        return new SavedModelEngine(bundle);
      }

      @Override
      public void close() {
        bundle.close();
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
