// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.model.export.ReusableSavedModel;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.network.Regularizer;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.safety.FileTrees;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.training.TrainingImages.LabelledImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.TreeMap;
import org.apache.commons.codec.digest.DigestUtils;

/** One training, from its images to the files it leaves. */
final class TrainingRun implements AutoCloseable {
  private static final String MODEL = "model";

  /** Images by which statistics are estimated after an epoch; some are enough. */
  private static final int ESTIMATED_BY = 512;

  /** Of a batch by which they are; statistics of a few images are far from those of all. */
  private static final int LEAST_BATCH = 16;

  private final FineTuneOptions options;
  private final FineTuneListener listener;
  private final Path output;
  private final TrainableNetwork network;
  private final TrainingImages images;
  private final MobileNetV2 shape;
  private final List<Regularizer> regularizers;
  private final double decay;
  private final TrainingGraph graph;
  private final TrainingInputs inputs;
  private final Evaluation evaluation;
  private final Ownership owned = new Ownership();
  private final List<EpochFigures> history = new ArrayList<>();
  private Map<String, FloatTensor> best = Map.of();

  TrainingRun(
      TrainableNetwork network,
      TrainingImages images,
      Path output,
      FineTuneOptions options,
      FineTuneListener listener) {
    this.network = network;
    this.images = images;
    this.output = output;
    this.options = options;
    this.listener = listener;
    shape = network.weights().network();
    regularizers = regularizers(network, options);
    OptionalDouble own = network.batchNormDecay();
    decay = options.batchNormDecay().orElse(own.orElse(MobileNetV2.BATCH_NORM_DECAY));
    try {
      int classes = images.labels().size();
      inputs = owned.add(new TrainingInputs(images, shape, options));
      TrainingNodes nodes =
          new TrainingNodes(shape, classes, options.headOnly(), decay, regularizers);
      graph = owned.add(new TrainingGraph(nodes, options.learningRate(), options.momentum()));
      evaluation = new Evaluation(graph, inputs, images.labels());
    } catch (Throwable e) {
      throw owned.closeAfter(e);
    }
  }

  private static List<Regularizer> regularizers(TrainableNetwork network, FineTuneOptions options) {
    MobileNetV2 shape = network.weights().network();
    if (options.weightDecay().isPresent()) {
      double coefficient = options.weightDecay().getAsDouble();
      return coefficient == 0 ? List.of() : Regularizer.weightDecays(shape, coefficient);
    }
    return network.regularizers().isEmpty()
        ? Regularizer.weightDecays(shape, Regularizer.SLIM_WEIGHT_DECAY)
        : network.regularizers();
  }

  FineTuneResult train() {
    start();
    if (options.headOnly()) {
      inputs.computeFeatures(network.weights());
    }
    if (history.size() < options.epochs() && !isOver()) {
      goOn();
    }
    int epoch = history.size();
    if (isPatient()) {
      epoch = EpochFigures.best(history);
      if (isOver() && history.size() < options.epochs()) {
        listener.stopped(epoch);
      }
      graph.assign(best);
    }
    Evaluation.Classified classified = evaluation.classify(images.measured());
    FineTuneResult result =
        new FineTuneResult(
            output.resolve(MODEL),
            images.labels(),
            List.copyOf(history),
            epoch,
            classified.confusion(),
            !images.validation().isEmpty(),
            classified.misclassified(),
            images.skipped());
    writeModel();
    TrainingReport.write(output, shape, options, result);
    return result;
  }

  private void goOn() {
    try (EventFiles events = new EventFiles(output, !images.validation().isEmpty())) {
      while (history.size() < options.epochs() && !isOver()) {
        EpochFigures figures = epoch(history.size() + 1);
        history.add(figures);
        Map<String, FloatTensor> values = graph.values();
        if (isPatient() && EpochFigures.best(history) == figures.epoch()) {
          best = TrainingGraph.withoutMomentum(values);
        }
        // Before the checkpoint: an epoch that is trained again is written again, and none is lost.
        events.write(figures, rateOfLastStep(figures.epoch()));
        new TrainingState(values, best, history, fingerprint()).write(output);
        listener.epoch(figures);
      }
    }
  }

  private boolean isPatient() {
    return options.patience().isPresent() && !images.validation().isEmpty();
  }

  /** Whether so many epochs were no better than the best. */
  private boolean isOver() {
    return isPatient()
        && !history.isEmpty()
        && history.size() - EpochFigures.best(history) >= options.patience().getAsInt();
  }

  private double rateOfLastStep(int epoch) {
    int steps = TrainingInputs.batches(images.training(), options.batchSize()).size();
    return options.learningRate() * factor(epoch, steps - 1, steps);
  }

  private double factor(int epoch, int step, int steps) {
    return options.schedule().factor((epoch - 1.0 + (double) step / steps) / options.epochs());
  }

  private void start() {
    Optional<TrainingState> before = TrainingState.read(output);
    if (before.isEmpty()) {
      if (Files.exists(output.resolve(MODEL))) {
        throw new FineTuneException(
            output + " has a model already, and no checkpoint to go on from; name another folder");
      }
      graph.assign(firstValues());
      return;
    }
    TrainingState state = before.get();
    if (!state.fingerprint().equals(fingerprint())) {
      throw new FineTuneException(
          output
              + " has a checkpoint of another training ("
              + state.fingerprint()
              + "); this one is "
              + fingerprint()
              + "; name another folder, or remove it");
    }
    graph.assign(state.values());
    history.addAll(state.history());
    best = state.best();
    if (isPatient() && best.isEmpty() && !history.isEmpty()) {
      throw new FineTuneException(
          output
              + " has a checkpoint of a training without patience, which keeps no best epoch;"
              + " name another folder, or go on without");
    }
    listener.resumed(history.size());
  }

  private String fingerprint() {
    StringBuilder content = new StringBuilder();
    for (List<LabelledImage> part : List.of(images.training(), images.validation())) {
      part.forEach(
          image ->
              content
                  .append(image.label())
                  .append('/')
                  .append(image.file().getFileName())
                  .append('\n'));
      content.append('\n');
    }
    String first = shape.variables().keySet().iterator().next();
    String weights = shortDigest(network.weights().variables().get(first).bytes());
    return options.fingerprint()
        + " network="
        + shape.name()
        + " weights="
        + weights
        + " images="
        + shortDigest(content.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String shortDigest(byte[] bytes) {
    return DigestUtils.sha256Hex(bytes).substring(0, 16);
  }

  /** The module's variables, and a classifier by Glorot's uniform distribution. */
  private Map<String, FloatTensor> firstValues() {
    Map<String, FloatTensor> values = new TreeMap<>(network.weights().variables());
    int classes = images.labels().size();
    float[] kernel = new float[shape.features() * classes];
    double limit = Math.sqrt(6.0 / (shape.features() + classes));
    Random random = new Random(options.seed());
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = (float) ((2 * random.nextDouble() - 1) * limit);
    }
    values.put(TrainingNodes.KERNEL, FloatTensor.of(kernel, shape.features(), classes));
    values.put(TrainingNodes.BIASES, FloatTensor.of(new float[classes], classes));
    return values;
  }

  private EpochFigures epoch(int number) {
    long begin = System.nanoTime();
    Random random = new Random(options.seed() * 1_000_003 + number);
    List<LabelledImage> order = new ArrayList<>(images.training());
    Collections.shuffle(order, random);
    List<List<LabelledImage>> batches = TrainingInputs.batches(order, options.batchSize());
    double loss = 0;
    int right = 0;
    int seen = 0;
    for (int step = 0; step < batches.size(); step++) {
      List<LabelledImage> batch = batches.get(step);
      TrainingGraph.Step result;
      try (TrainingInputs.Input input = inputs.of(batch, number)) {
        result =
            graph.train(
                input.tensor(),
                inputs.labels(batch),
                inputs.mask(batch.size(), random),
                factor(number, step, batches.size()));
      }
      if (!Float.isFinite(result.dataLoss())) {
        throw new FineTuneException(
            "the loss is "
                + result.dataLoss()
                + " in epoch "
                + number
                + "; a smaller learning-rate than "
                + options.learningRate()
                + " may help");
      }
      loss += (double) result.dataLoss() * batch.size();
      right += Evaluation.right(batch, result.logits());
      seen += batch.size();
      listener.step(number, step + 1, batches.size(), loss / seen, (double) right / seen);
    }
    if (!options.headOnly() && options.batchNormStatistics() == BatchNormStatistics.ESTIMATED) {
      estimateStatistics(order);
    }
    Evaluation.Measured measured =
        images.validation().isEmpty() ? null : evaluation.measure(images.validation());
    return new EpochFigures(
        number,
        loss / seen,
        (double) right / seen,
        measured == null ? null : measured.loss(),
        measured == null ? null : measured.accuracy(),
        (System.nanoTime() - begin) / 1e9);
  }

  /** Means over batches of the means and variances that training uses, instead of moving ones. */
  private void estimateStatistics(List<LabelledImage> shuffled) {
    List<List<LabelledImage>> batches =
        TrainingInputs.batches(
            shuffled.subList(0, Math.min(shuffled.size(), ESTIMATED_BY)),
            Math.max(options.batchSize(), LEAST_BATCH));
    for (int i = 0; i < batches.size(); i++) {
      try (TrainingInputs.Input input = inputs.of(batches.get(i))) {
        graph.moveAverages(input.tensor(), 1.0 / (i + 1));
      }
    }
  }

  private void writeModel() {
    Map<String, FloatTensor> values = graph.values();
    Map<String, FloatTensor> variables = new TreeMap<>(network.weights().variables());
    variables.replaceAll((name, value) -> values.getOrDefault(name, value));
    TrainableNetwork trained =
        new TrainableNetwork(
            new NetworkWeights(shape, variables, TrainingGraph.head(values)),
            OptionalDouble.of(decay),
            regularizers);
    // A longer training replaces the model of a shorter one.
    deleteTree(output.resolve(MODEL));
    ReusableSavedModel.write(output.resolve(MODEL), trained, images.labels());
  }

  private static void deleteTree(Path root) {
    try {
      FileTrees.delete(root);
    } catch (IOException e) {
      throw new FineTuneException(root + " cannot be replaced: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    owned.close();
  }
}
