// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.engine;

import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import java.util.Arrays;

/** The product's own model. */
final class OurEngine implements Engine {
  private final FeatureVectorModel model;
  private ImageTensor tensor;

  private OurEngine(FeatureVectorModel model) {
    this.model = model;
  }

  static Factory factory(Precision precision) {
    ModelSource source = Fixtures.model(precision);
    return () -> new OurEngine(source.load());
  }

  @Override
  public void load(float[] pixels, int count) {
    closeTensor();
    tensor = model.newInput(count);
    for (int i = 0; i < count; i++) {
      tensor.append(Arrays.copyOfRange(pixels, i * Fixtures.PIXELS, (i + 1) * Fixtures.PIXELS));
    }
  }

  @Override
  public float[][] embed() {
    return model.embed(tensor);
  }

  @Override
  public void close() {
    closeTensor();
    model.close();
  }

  private void closeTensor() {
    if (tensor != null) {
      tensor.close();
    }
  }
}
