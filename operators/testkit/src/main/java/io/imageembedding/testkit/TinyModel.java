// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.ClassLabels;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A model for tests that is there at once and needs no TensorFlow: not its jars, not its native
 * library, none of the JVM's arguments for it. Images are decoded by the JDK's readers.
 *
 * <p>The vector of an image is the same wherever and whenever it is made. Images that differ at
 * {@value #INPUT_SIZE} by {@value #INPUT_SIZE} pixels have different vectors, and similar images
 * have vectors that are near each other by cosine: it is a fixed random projection of the pixels,
 * of which a plain image has one that is not zero, too. The vectors mean nothing; for that there is
 * {@code ModelSource.parse("builtin")}.
 *
 * @param dimension features of a vector
 * @param precision that it says it runs in; each makes a vector space of its own
 * @param labels of the classes, where it is to be a classifier, one for each feature; else empty
 */
@PublicEvolving
public record TinyModel(int dimension, Precision precision, List<String> labels)
    implements ModelSource {

  /** Features of a vector where nobody says otherwise: as many as the built-in model gives. */
  public static final int DEFAULT_DIMENSION = 1280;

  /** Width and height of the images that the network takes, in pixels. */
  public static final int INPUT_SIZE = 16;

  private static final long serialVersionUID = 1L;
  private static final int INPUTS = INPUT_SIZE * INPUT_SIZE * 3;

  public TinyModel {
    if (dimension < 1) {
      throw new IllegalArgumentException("dimension is " + dimension + "; needed: at least 1");
    }
    labels = List.copyOf(labels);
  }

  /** One with vectors of {@value #DEFAULT_DIMENSION} features. */
  public static TinyModel create() {
    return ofDimension(DEFAULT_DIMENSION);
  }

  /** One with vectors of so many features. */
  public static TinyModel ofDimension(int features) {
    return new TinyModel(features, Precision.FP32, List.of());
  }

  /** A classifier: a feature is the logit of the class of that label. */
  public static TinyModel ofClasses(String... labels) {
    return new TinyModel(labels.length, Precision.FP32, List.of(labels));
  }

  @Override
  public TinyModel in(Precision other) {
    return new TinyModel(dimension, other, labels);
  }

  /** What {@link #load()} says that it is. */
  public ModelDescriptor descriptor() {
    String precisionKey = precision == Precision.AUTO ? Precision.FP32.key() : precision.key();
    return new ModelDescriptor("tiny", sha256(), INPUT_SIZE, dimension, precisionKey, 1);
  }

  /** Of all that makes the vectors what they are. */
  private String sha256() {
    String content = "tiny model 1, " + dimension + " of " + INPUTS + ", decoders of the JDK";
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(content.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public FeatureVectorModel load() {
    return new Network(
        descriptor(),
        labels.isEmpty() ? Optional.empty() : Optional.of(new ClassLabels(labels, true)));
  }

  /** The projection. */
  private static final class Network implements FeatureVectorModel {
    private final ModelDescriptor descriptor;
    private final Optional<ClassLabels> classes;
    private final float[][] weights;
    private final float[] bias;

    Network(ModelDescriptor descriptor, Optional<ClassLabels> classes) {
      this.descriptor = descriptor;
      this.classes = classes;
      SplittableRandom random = new SplittableRandom(descriptor.dimension());
      weights = new float[descriptor.dimension()][INPUTS];
      bias = new float[descriptor.dimension()];
      float scale = (float) (1 / Math.sqrt(INPUTS));
      for (int i = 0; i < weights.length; i++) {
        for (int j = 0; j < INPUTS; j++) {
          weights[i][j] = (float) (random.nextDouble(-1, 1) * scale);
        }
        bias[i] = (float) random.nextDouble(0.05, 0.15);
      }
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
    public ImageTensor newInput(int capacity) {
      return ImageTensor.onHeap(INPUT_SIZE, capacity);
    }

    @Override
    public float[][] embed(ImageTensor images) {
      float[][] vectors = new float[images.count()][];
      for (int i = 0; i < vectors.length; i++) {
        vectors[i] = vector(images.image(i));
      }
      return vectors;
    }

    private float[] vector(float[] pixels) {
      float[] vector = bias.clone();
      for (int i = 0; i < vector.length; i++) {
        float[] row = weights[i];
        double sum = 0;
        for (int j = 0; j < INPUTS; j++) {
          sum += row[j] * (pixels[j] - 0.5);
        }
        vector[i] += (float) sum;
      }
      return vector;
    }

    @Override
    public void close() {}
  }
}
