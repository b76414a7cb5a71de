// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.tensorflow.GraphSession;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.train.ResourceApplyMomentum;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * A network and a classifier on it with everything that a step of training needs: gradients,
 * momentum, moving averages. The network is rebuilt from its variables, because gradients do not go
 * through calls of a module's functions. Owns its graph and session; not thread-safe.
 */
final class TrainingGraph implements AutoCloseable {
  /** Loss and logits of one step, from before its update. */
  record Step(float dataLoss, float regularizationLoss, float[][] logits) {}

  private static final String RATE = "learning.rate";

  private final int classes;
  private final int features;
  private final boolean headOnly;
  private final Map<String, long[]> variables;
  private final GraphSession opened;
  private final Graph graph;
  private final Session session;
  private final List<String> updates = new ArrayList<>();
  private final List<String> averages;
  private final double firstRate;

  TrainingGraph(TrainingNodes nodes, double learningRate, double momentum) {
    classes = nodes.classes();
    features = nodes.features();
    headOnly = nodes.isHeadOnly();
    variables = nodes.variables();
    averages = nodes.averages();
    firstRate = learningRate;
    try (Ownership owned = new Ownership()) {
      opened = owned.add(GraphSession.of(nodes.graph()));
      graph = opened.graph();
      session = opened.session();
      TensorFlowRuntime.run(
          () -> {
            addUpdates(momentum);
            return null;
          });
      owned.release(opened);
    } catch (TensorFlowFailure e) {
      throw new FineTuneException("the network cannot be trained: " + e.getMessage(), e);
    }
  }

  private Output<TFloat32> output(String node) {
    return graph.operation(node).output(0);
  }

  private void addUpdates(double momentum) {
    List<String> trained = variables.keySet().stream().filter(TrainingNodes::isTrained).toList();
    Output<?>[] reads =
        trained.stream()
            .map(variable -> output(TrainingNodes.read(variable)))
            .toArray(Output<?>[]::new);
    Output<?>[] gradients = graph.addGradients(output("loss"), reads);
    Ops tf = Ops.create(graph);
    Operand<TFloat32> rate =
        tf.withName(RATE).placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
    Operand<TFloat32> keep = tf.constant((float) momentum);
    for (int i = 0; i < trained.size(); i++) {
      ResourceApplyMomentum update =
          tf.train.resourceApplyMomentum(
              handle(trained.get(i)),
              handle(trained.get(i) + TrainingNodes.SLOT),
              rate,
              gradients[i].expect(TFloat32.class),
              keep);
      updates.add(update.op().name());
    }
    updates.addAll(averages);
  }

  private Operand<? extends TType> handle(String variable) {
    return graph.operation(TrainingNodes.node(variable)).output(0);
  }

  /** Values of all variables, and of their momentum under {@value TrainingNodes#SLOT}. */
  Map<String, FloatTensor> values() {
    Session.Runner runner = session.runner();
    List<String> names = new ArrayList<>();
    variables.keySet().forEach(name -> addState(name, names));
    names.forEach(name -> runner.fetch(TrainingNodes.read(name)));
    Map<String, FloatTensor> values = new LinkedHashMap<>();
    try (Result result = run(runner)) {
      for (int i = 0; i < names.size(); i++) {
        Tensor value = result.get(i);
        values.put(names.get(i), FloatTensor.of(floats(value), value.shape().asArray()));
      }
    }
    return values;
  }

  /** Of {@link #values()}, the variables. */
  static Map<String, FloatTensor> withoutMomentum(Map<String, FloatTensor> values) {
    Map<String, FloatTensor> variables = new LinkedHashMap<>(values);
    variables.keySet().removeIf(name -> name.endsWith(TrainingNodes.SLOT));
    return variables;
  }

  private static void addState(String variable, List<String> names) {
    names.add(variable);
    if (TrainingNodes.isTrained(variable)) {
      names.add(variable + TrainingNodes.SLOT);
    }
  }

  /**
   * Sets variables and their momentum.
   *
   * @param values where a momentum is missing it is 0; every variable must be there
   */
  void assign(Map<String, FloatTensor> values) {
    List<String> names = new ArrayList<>();
    variables.keySet().forEach(name -> addState(name, names));
    Session.Runner runner = session.runner();
    try (Ownership tensors = new Ownership()) {
      for (String name : names) {
        long[] shape = variables.get(name.replace(TrainingNodes.SLOT, ""));
        FloatTensor value = values.get(name);
        if (value == null && name.endsWith(TrainingNodes.SLOT)) {
          value = FloatTensor.of(new float[(int) Shape.of(shape).size()], shape);
        }
        if (value == null || !Arrays.equals(value.shape(), shape)) {
          throw new IllegalArgumentException("no value of the right shape for " + name);
        }
        Tensor tensor = tensor(value.values(), shape);
        tensors.add(tensor);
        runner
            .feed(TrainingNodes.node(name) + ".value", tensor)
            .addTarget(TrainingNodes.node(name) + ".assign");
      }
      run(runner).close();
    }
  }

  private static TFloat32 tensor(float[] values, long... shape) {
    try (Ownership owned = new Ownership()) {
      TFloat32 tensor = owned.add(TFloat32.tensorOf(Shape.of(shape)));
      tensor.asRawTensor().data().asFloats().write(values);
      return owned.release(tensor);
    }
  }

  private static float[] floats(Tensor tensor) {
    FloatDataBuffer data = tensor.asRawTensor().data().asFloats();
    float[] values = new float[(int) data.size()];
    data.read(values);
    return values;
  }

  /** One step of training at the first learning rate. */
  Step train(TFloat32 input, float[][] labels, float[][] mask) {
    return train(input, labels, mask, 1);
  }

  /**
   * One step of training.
   *
   * @param input images {@code [n, size, size, 3]}, or features {@code [n, features]}
   * @param labels weight of each class for each image
   * @param mask factor of each feature for each image
   * @param factor of the first learning rate
   */
  Step train(TFloat32 input, float[][] labels, float[][] mask, double factor) {
    int count = labels.length;
    try (TFloat32 rate = TFloat32.scalarOf((float) (firstRate * factor));
        TFloat32 labelTensor = tensor(flat(labels), count, classes);
        TFloat32 maskTensor = tensor(flat(mask), count, features)) {
      Session.Runner runner =
          session
              .runner()
              .feed(TrainingNodes.INPUT, input)
              .feed(TrainingNodes.LABELS, labelTensor)
              .feed(TrainingNodes.MASK, maskTensor)
              .feed(RATE, rate)
              .fetch("data.loss")
              .fetch("regularization.loss")
              .fetch(TrainingNodes.TRAINING + ".logits");
      updates.forEach(runner::addTarget);
      try (Result result = run(runner)) {
        return new Step(
            floats(result.get(0))[0], floats(result.get(1))[0], rows(floats(result.get(2)), count));
      }
    }
  }

  /**
   * Moves the averages of batch normalisation towards the statistics of these images, and changes
   * nothing else.
   *
   * @param rate part of the way; 1 sets them
   */
  void moveAverages(TFloat32 input, double rate) {
    try (TFloat32 tensor = TFloat32.scalarOf((float) rate)) {
      Session.Runner runner =
          session
              .runner()
              .feed(TrainingNodes.INPUT, input)
              .feed(TrainingNodes.AVERAGE_RATE, tensor);
      averages.forEach(runner::addTarget);
      run(runner).close();
    }
  }

  /** Logits by the network as it is for inference. */
  float[][] logits(TFloat32 input) {
    return rows(fetch(input, TrainingNodes.INFERENCE + ".logits"), (int) input.shape().get(0));
  }

  /** Features by the network as it is for inference. */
  float[][] features(TFloat32 input) {
    return rows(fetch(input, TrainingNodes.INFERENCE + ".features"), (int) input.shape().get(0));
  }

  /**
   * What comes out of a layer's convolution in training, before batch normalisation.
   *
   * @param scope of the layer
   */
  float[] convolved(TFloat32 input, String scope) {
    return fetch(input, TrainingNodes.TRAINING + "." + TrainingNodes.node(scope));
  }

  private float[] fetch(TFloat32 input, String node) {
    try (Result result = run(session.runner().feed(TrainingNodes.INPUT, input).fetch(node))) {
      return floats(result.get(0));
    }
  }

  private static Result run(Session.Runner runner) {
    try {
      return TensorFlowRuntime.run(runner::run);
    } catch (TensorFlowFailure e) {
      throw new FineTuneException("training failed: " + e.getMessage(), e);
    }
  }

  private static float[] flat(float[][] rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * rows[0].length, rows[0].length);
    }
    return flat;
  }

  private static float[][] rows(float[] flat, int count) {
    float[][] rows = new float[count][flat.length / count];
    for (int i = 0; i < count; i++) {
      System.arraycopy(flat, i * rows[0].length, rows[i], 0, rows[0].length);
    }
    return rows;
  }

  boolean headOnly() {
    return headOnly;
  }

  /** The classifier as it is now. */
  static ClassifierHead head(Map<String, FloatTensor> values) {
    return new ClassifierHead(
        values.get(TrainingNodes.KERNEL), values.get(TrainingNodes.BIASES), true);
  }

  @Override
  public void close() {
    opened.close();
  }
}
