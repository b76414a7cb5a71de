// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import io.imageembedding.annotation.Internal;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.InputRange;
import io.imageembedding.model.ClassLabels;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.Precision;
import io.imageembedding.model.ProofFigures;
import io.imageembedding.model.graph.RunnableGraph;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.tensorflow.GraphSession;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.util.Optional;
import java.util.OptionalDouble;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/** A network in a TensorFlow graph of its own, with a session of its own. */
@Internal
public final class GraphModel implements FeatureVectorModel {
  private static final double EXACT_COSINE = 1;

  private final Ownership owned = new Ownership();
  private final Session session;
  private final String name;
  private final MobileNetV2 shape;
  private final String input;
  private final String centredInput;
  private final String output;
  private ModelDescriptor descriptor;
  private ProofFigures finding;
  private ClassLabels classes;
  private SubBatches portions;
  private boolean closed;

  private GraphModel(String name, RunnableGraph runnable, MobileNetV2 shape) {
    this.name = name;
    this.shape = shape;
    this.input = runnable.input();
    this.centredInput = runnable.centredInput();
    this.output = runnable.output();
    try {
      GraphSession opened =
          runnable.normalisesBatches()
              ? GraphSession.unfused(runnable.definition())
              : GraphSession.of(runnable.definition());
      session = owned.add(opened).session();
    } catch (TensorFlowFailure e) {
      throw failure(name, "TensorFlow does not take its graph", e);
    }
  }

  /**
   * Loads the graph, and proves it.
   *
   * @param shape of the folded network that the graph is, in which an image must have the same bits
   *     in every batch; null if it is another
   */
  public static GraphModel load(
      String name, int inputSize, RunnableGraph graph, String sha256, MobileNetV2 shape) {
    return load(new GraphModel(name, graph, shape), inputSize, graph, sha256, Precision.FP32);
  }

  /** Loads a network in bfloat16 that has taken the place of this one, and proves it. */
  public GraphModel loadBf16(RunnableGraph graph, MobileNetV2 shape) {
    GraphModel model = new GraphModel(name, graph, shape);
    if (!finding.sameBits()) {
      // Bits of fp32 that depend on the batch would be rounded to either side.
      model.portions = model.owned.add(SubBatches.ofOne(model::run));
    }
    GraphModel loaded =
        load(model, descriptor.inputSize(), graph, descriptor.sha256(), Precision.BF16);
    loaded.finding = loaded.finding.withGoldens(finding.goldens());
    return loaded;
  }

  private static GraphModel load(
      GraphModel model, int inputSize, RunnableGraph graph, String sha256, Precision precision) {
    String name = model.name;
    try {
      if (graph.checkpoint() != null) {
        model.restore(graph.checkpoint());
      }
      model.finding = ModelProof.of(name, inputSize, model::runAsNeeded);
      model.descriptor =
          new ModelDescriptor(
              name,
              sha256,
              inputSize,
              model.finding.dimension(),
              Precision.FP32.key(),
              EXACT_COSINE);
      if (model.portions == null) {
        model.portions = model.portions(precision);
        if (model.portions != null) {
          model.owned.add(model.portions);
        }
      }
      return model;
    } catch (Throwable e) {
      throw model.owned.closeAfter(e);
    }
  }

  private void restore(String checkpoint) {
    try (TString prefix = TString.scalarOf(checkpoint)) {
      TensorFlowRuntime.run(
              () ->
                  session
                      .runner()
                      .feed(RunnableGraph.CHECKPOINT, prefix)
                      .addTarget(RunnableGraph.RESTORE)
                      .run())
          .close();
    } catch (TensorFlowFailure e) {
      throw failure(name, "its variables cannot be read", e);
    }
  }

  private static ModelException failure(String name, String what, TensorFlowFailure cause) {
    return ModelException.of(name, what + ": " + cause.getMessage(), cause);
  }

  /**
   * @throws ModelException if the model does not give these vectors for these images
   */
  public void require(GoldenVectors goldens) {
    float[][] expected = new float[goldens.count()][];
    float[][] actual = new float[goldens.count()][];
    for (int i = 0; i < goldens.count(); i++) {
      expected[i] = goldens.vector(i);
      try (ImageTensor image = new ImageTensor(descriptor.inputSize(), 1)) {
        image.append(goldens.image(i));
        actual[i] = run(image)[0];
      }
      if (actual[i].length != expected[i].length) {
        throw new ModelException(
            String.format(
                "model %s gives %d features, the golden vectors in %s have %d",
                name, actual[i].length, GoldenVectors.FILE, expected[i].length));
      }
    }
    double difference = ModelProof.difference(expected, actual);
    double allowed = GoldenVectors.TOLERANCE * ModelProof.scale(expected);
    if (!(difference <= allowed)) {
      throw new ModelException(
          String.format(
              "model %s gives other vectors than the golden ones in %s: they differ by %s, allowed"
                  + " is %s",
              name, GoldenVectors.FILE, ModelProof.figure(difference), ModelProof.figure(allowed)));
    }
    finding = finding.withGoldens(OptionalDouble.of(difference));
  }

  /** Says that the arithmetic is bfloat16, with this cosine to fp32. */
  public void isBf16(double cosine) {
    descriptor =
        new ModelDescriptor(
            name,
            descriptor.sha256(),
            descriptor.inputSize(),
            descriptor.dimension(),
            Precision.BF16.key(),
            cosine);
  }

  /** Says what numbers it takes for colours. */
  public void takes(InputRange range) {
    descriptor = descriptor.in(range);
  }

  /** Says how the vectors are to be read; null: as features. */
  public void readAs(ClassLabels scores) {
    classes = scores;
  }

  @Override
  public Optional<ClassLabels> classes() {
    return Optional.ofNullable(classes);
  }

  public ProofFigures finding() {
    return finding;
  }

  @Override
  public ModelDescriptor descriptor() {
    return descriptor;
  }

  @Override
  public ImageTensor newInput(int capacity) {
    return centredInput == null
        ? new ImageTensor(descriptor.inputSize(), capacity)
        : ImageTensor.centred(descriptor.inputSize(), capacity);
  }

  @Override
  public float[][] embed(ImageTensor images) {
    if (images.size() != descriptor.inputSize()) {
      throw new IllegalArgumentException(
          "images are of size " + images.size() + ", the model takes " + descriptor.inputSize());
    }
    return runAsNeeded(images);
  }

  /** Null if all images of a batch are run at once. */
  private SubBatches portions(Precision precision) {
    if (shape != null && !finding.sameBits() || !finding.sameVector()) {
      return SubBatches.ofOne(this::run);
    }
    return shape == null ? null : SubBatches.fastest(this::run, shape, precision);
  }

  private float[][] runAsNeeded(ImageTensor images) {
    return portions == null ? run(images) : portions.run(images);
  }

  private float[][] run(ImageTensor images) {
    if (closed) {
      throw new IllegalStateException("model " + name + " is closed");
    }
    String fed = images.isCentred() ? centredInput : input;
    if (fed == null) {
      throw new IllegalArgumentException("model " + name + " takes no centred images");
    }
    try (Result result =
        TensorFlowRuntime.run(
            () -> session.runner().feed(fed, images.tensor()).fetch(output).run())) {
      return rows(result.get(0), images.count());
    } catch (TensorFlowFailure e) {
      throw failure(name, "it cannot be run", e);
    }
  }

  private float[][] rows(Tensor vectors, int count) {
    Shape shape = vectors.shape();
    int dimension = dimension(shape, count);
    if (!(vectors instanceof TFloat32) || dimension < 1) {
      throw new ModelException(
          "model "
              + name
              + " gives "
              + vectors.dataType()
              + " "
              + shape
              + " for "
              + count
              + " images; needed: float32 [images, features]");
    }
    FloatDataBuffer floats = vectors.asRawTensor().data().asFloats();
    float[][] rows = new float[count][dimension];
    for (int i = 0; i < count; i++) {
      floats.offset((long) i * dimension).read(rows[i]);
    }
    return rows;
  }

  /** Features of one image in {@code [images, features]} or {@code [images, 1, 1, features]}. */
  private static int dimension(Shape shape, int count) {
    int rank = shape.numDimensions();
    boolean vectors = rank == 2 || rank == 4 && shape.get(1) == 1 && shape.get(2) == 1;
    return vectors && shape.get(0) == count ? (int) shape.get(rank - 1) : 0;
  }

  @Override
  public void close() {
    closed = true;
    owned.close();
  }
}
