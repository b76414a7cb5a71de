// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.ClassLabels;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;

/**
 * Answers an image with {level, batch size}, where level is its first channel from 0 to 255; levels
 * of {@link Behaviour} misbehave.
 */
public final class TestingModel implements FeatureVectorModel {
  public static final int SIZE = 4;
  public static final AtomicInteger OPEN = new AtomicInteger();
  static final ModelDescriptor DESCRIPTOR =
      new ModelDescriptor("testing", "f00d", SIZE, 2, "fp32", 1);

  /** Levels that the model fails on, answers with too short a vector, or with NaN. */
  public record Behaviour(
      int failing, int shortened, int notANumber, boolean alwaysFailingAfterWarmUp)
      implements ModelSource {
    @Override
    public FeatureVectorModel load() {
      return new TestingModel(this, Optional.empty(), DESCRIPTOR);
    }
  }

  public static final Behaviour SOUND = new Behaviour(-1, -1, -1, false);

  /** A sound model that says that its vectors are to be read so. */
  static ModelSource classifying(ClassLabels classes) {
    return () -> new TestingModel(SOUND, Optional.of(classes), DESCRIPTOR);
  }

  /** A sound model that says that it runs in this precision. */
  public static TestingModel in(Precision precision) {
    return described(new ModelDescriptor("testing", "f00d", SIZE, 2, precision.key(), 1));
  }

  /** A sound model that says that it is this. */
  public static TestingModel described(ModelDescriptor descriptor) {
    return new TestingModel(SOUND, Optional.empty(), descriptor);
  }

  private final Behaviour behaviour;
  private final Optional<ClassLabels> classes;
  private final ModelDescriptor descriptor;
  private final List<Integer> batchSizes = new ArrayList<>();

  private TestingModel(
      Behaviour behaviour, Optional<ClassLabels> classes, ModelDescriptor descriptor) {
    this.descriptor = descriptor;
    this.behaviour = behaviour;
    this.classes = classes;
    OPEN.incrementAndGet();
  }

  @Override
  public ModelDescriptor descriptor() {
    return descriptor;
  }

  @Override
  public Optional<ClassLabels> classes() {
    return classes;
  }

  @Override
  public float[][] embed(ImageTensor images) {
    batchSizes.add(images.count());
    if (behaviour.alwaysFailingAfterWarmUp() && batchSizes.size() > 2) {
      throw new ModelException("out of memory");
    }
    FloatDataBuffer pixels = images.tensor().asRawTensor().data().asFloats();
    float[][] vectors = new float[images.count()][];
    for (int i = 0; i < vectors.length; i++) {
      int level = Math.round(pixels.getFloat((long) i * SIZE * SIZE * 3) * 255);
      if (level == behaviour.failing()) {
        throw new ModelException("cannot run on level " + level);
      }
      vectors[i] =
          level == behaviour.shortened()
              ? new float[1]
              : new float[] {level == behaviour.notANumber() ? Float.NaN : level, 1};
    }
    return vectors;
  }

  @Override
  public void close() {
    OPEN.decrementAndGet();
  }
}
