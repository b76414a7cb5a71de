// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.util.Arrays;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.types.TFloat32;

/** A network in a TensorFlow graph of its own, with a session of its own. */
final class GraphModel implements FeatureVectorModel {

  /** What has to be done in a new session before the model runs; gives the content's digest. */
  @FunctionalInterface
  interface Preparation {
    String prepare(Session session);
  }

  private final Graph graph;
  private final Session session;
  private final String input;
  private final String output;
  private ModelDescriptor descriptor;
  private boolean closed;

  private GraphModel(GraphDef definition, String name, String input, String output) {
    this.input = input;
    this.output = output;
    try {
      graph = TensorFlowRuntime.newGraph(definition);
    } catch (TensorFlowFailure e) {
      throw failure(name, "TensorFlow does not take its graph", e);
    }
    session = TensorFlowRuntime.newSession(graph);
  }

  /**
   * Loads the graph and runs it once on a grey image to see what it gives.
   *
   * @param input name of the node that is fed images
   * @param output name and index of the vectors
   */
  static GraphModel load(
      String name,
      int inputSize,
      GraphDef definition,
      String input,
      String output,
      Preparation preparation) {
    GraphModel model = new GraphModel(definition, name, input, output);
    try {
      String sha256;
      try {
        sha256 = TensorFlowRuntime.run(() -> preparation.prepare(model.session));
      } catch (TensorFlowFailure e) {
        throw failure(name, "its variables cannot be read", e);
      }
      model.descriptor = new ModelDescriptor(name, sha256, inputSize, 1, "fp32");
      int dimension = model.probe();
      model.descriptor = new ModelDescriptor(name, sha256, inputSize, dimension, "fp32");
      return model;
    } catch (ModelException e) {
      model.close();
      throw e;
    }
  }

  private static ModelException failure(String name, String what, TensorFlowFailure cause) {
    return new ModelException("model " + name + ": " + what + ": " + cause.getMessage(), cause);
  }

  private int probe() {
    int size = descriptor.inputSize();
    try (ImageTensor grey = new ImageTensor(size, 1)) {
      float[] pixels = new float[size * size * 3];
      Arrays.fill(pixels, 0.5f);
      grey.append(pixels);
      float[] vector = run(grey)[0];
      for (float feature : vector) {
        if (!Float.isFinite(feature)) {
          throw new ModelException(
              "model " + descriptor.name() + " gives " + feature + " for a plain grey image");
        }
      }
      return vector.length;
    }
  }

  @Override
  public ModelDescriptor descriptor() {
    return descriptor;
  }

  @Override
  public float[][] embed(ImageTensor images) {
    if (images.size() != descriptor.inputSize()) {
      throw new IllegalArgumentException(
          "images are of size " + images.size() + ", the model takes " + descriptor.inputSize());
    }
    return run(images);
  }

  private float[][] run(ImageTensor images) {
    if (closed) {
      throw new IllegalStateException("model " + descriptor.name() + " is closed");
    }
    try (Result result =
        TensorFlowRuntime.run(
            () -> session.runner().feed(input, images.tensor()).fetch(output).run())) {
      return rows(result.get(0), images.count());
    } catch (TensorFlowFailure e) {
      throw failure(descriptor.name(), "it cannot be run", e);
    }
  }

  private float[][] rows(Tensor vectors, int count) {
    Shape shape = vectors.shape();
    if (!(vectors instanceof TFloat32)
        || shape.numDimensions() != 2
        || shape.get(0) != count
        || shape.get(1) < 1) {
      throw new ModelException(
          "model "
              + descriptor.name()
              + " gives "
              + vectors.dataType()
              + " "
              + shape
              + " for "
              + count
              + " images; needed: float32 [images, features]");
    }
    FloatDataBuffer floats = vectors.asRawTensor().data().asFloats();
    int dimension = (int) shape.get(1);
    float[][] rows = new float[count][dimension];
    for (int i = 0; i < count; i++) {
      floats.offset((long) i * dimension).read(rows[i]);
    }
    return rows;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      session.close();
      graph.close();
    }
  }
}
