// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.image.ImageDecoder;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.UndecodableImageException;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.export.ReusableSavedModel;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.network.Regularizer;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.model.source.TrainableNetworks;
import io.imageembedding.safety.FileTrees;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.training.TrainingImages.LabelledImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.TreeMap;
import org.apache.commons.codec.digest.DigestUtils;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** One training, from its images to the files it leaves. */
final class TrainingRun implements AutoCloseable {
  private static final String MODEL = "model";
  private static final int MEASURED_AT_A_TIME = 8;

  private final FineTuneOptions options;
  private final FineTuneListener listener;
  private final Path output;
  private final TrainableNetwork network;
  private final TrainingImages images;
  private final MobileNetV2 shape;
  private final List<Regularizer> regularizers;
  private final double decay;
  private final TrainingGraph graph;
  private final ImageDecoder decoder;
  private final Ownership owned = new Ownership();
  private final Map<Path, float[]> features = new HashMap<>();
  private final List<EpochFigures> history = new ArrayList<>();

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
      decoder = owned.add(TrainingImages.newDecoder());
      graph =
          owned.add(
              new TrainingGraph(
                  shape,
                  images.labels().size(),
                  options.headOnly(),
                  decay,
                  regularizers,
                  options.learningRate(),
                  options.momentum()));
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
      computeFeatures();
    }
    while (history.size() < options.epochs()) {
      EpochFigures figures = epoch(history.size() + 1);
      history.add(figures);
      new TrainingState(graph.values(), history, fingerprint()).write(output);
      listener.epoch(figures);
    }
    int[][] confusion = confusion();
    FineTuneResult result =
        new FineTuneResult(
            output.resolve(MODEL),
            images.labels(),
            List.copyOf(history),
            confusion,
            !images.validation().isEmpty(),
            images.skipped());
    writeModel();
    writeReport(result);
    return result;
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
    values.put(TrainingGraph.KERNEL, FloatTensor.of(kernel, shape.features(), classes));
    values.put(TrainingGraph.BIASES, FloatTensor.of(new float[classes], classes));
    return values;
  }

  private void computeFeatures() {
    List<LabelledImage> all = new ArrayList<>(images.training());
    all.addAll(images.validation());
    NetworkWeights backbone = new NetworkWeights(shape, network.weights().variables(), null);
    try (FeatureVectorModel model = TrainableNetworks.load(shape.name(), backbone)) {
      for (List<LabelledImage> batch : batches(all, MEASURED_AT_A_TIME)) {
        try (ImageTensor tensor = pixels(batch)) {
          float[][] vectors = model.embed(tensor);
          for (int i = 0; i < vectors.length; i++) {
            features.put(batch.get(i).file(), vectors[i]);
          }
        }
      }
    }
  }

  private ImageTensor pixels(List<LabelledImage> batch) {
    try (Ownership unfinished = new Ownership()) {
      ImageTensor tensor = unfinished.add(new ImageTensor(shape.inputSize(), batch.size()));
      for (LabelledImage image : batch) {
        decoder.decode(Files.readAllBytes(image.file()), tensor);
      }
      return unfinished.release(tensor);
    } catch (IOException | UndecodableImageException e) {
      throw new FineTuneException(
          "an image could be read before, and no longer: " + e.getMessage());
    }
  }

  /** What the graph is fed for these images; the caller closes it. */
  private Input input(List<LabelledImage> batch) {
    Ownership inputs = new Ownership();
    try {
      if (!options.headOnly()) {
        return new Input(inputs.add(pixels(batch)).tensor(), inputs);
      }
      TFloat32 tensor = inputs.add(TFloat32.tensorOf(Shape.of(batch.size(), shape.features())));
      for (int i = 0; i < batch.size(); i++) {
        float[] row = features.get(batch.get(i).file());
        tensor.asRawTensor().data().asFloats().offset((long) i * row.length).write(row);
      }
      return new Input(tensor, inputs);
    } catch (Throwable e) {
      throw inputs.closeAfter(e);
    }
  }

  private record Input(TFloat32 tensor, Ownership owned) implements AutoCloseable {
    @Override
    public void close() {
      owned.close();
    }
  }

  /** Batches of a size; a last single image joins the batch before, as it has no statistics. */
  private static List<List<LabelledImage>> batches(List<LabelledImage> all, int size) {
    List<List<LabelledImage>> batches = new ArrayList<>();
    int from = 0;
    while (from < all.size()) {
      int to = all.size() - from - size == 1 ? all.size() : Math.min(all.size(), from + size);
      batches.add(all.subList(from, to));
      from = to;
    }
    return batches;
  }

  private EpochFigures epoch(int number) {
    long begin = System.nanoTime();
    Random random = new Random(options.seed() * 1_000_003 + number);
    List<LabelledImage> order = new ArrayList<>(images.training());
    Collections.shuffle(order, random);
    List<List<LabelledImage>> batches = batches(order, options.batchSize());
    double loss = 0;
    int right = 0;
    int seen = 0;
    for (int step = 0; step < batches.size(); step++) {
      List<LabelledImage> batch = batches.get(step);
      TrainingGraph.Step result;
      try (Input input = input(batch)) {
        result = graph.train(input.tensor(), labels(batch), mask(batch.size(), random));
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
      right += right(batch, result.logits());
      seen += batch.size();
      listener.step(number, step + 1, batches.size(), loss / seen, (double) right / seen);
    }
    Measured measured = images.validation().isEmpty() ? null : measure(images.validation());
    return new EpochFigures(
        number,
        loss / seen,
        (double) right / seen,
        measured == null ? null : measured.loss(),
        measured == null ? null : measured.accuracy(),
        (System.nanoTime() - begin) / 1e9);
  }

  private float[][] labels(List<LabelledImage> batch) {
    int classes = images.labels().size();
    float[][] labels = new float[batch.size()][classes];
    double smoothing = options.labelSmoothing();
    for (int i = 0; i < labels.length; i++) {
      Arrays.fill(labels[i], (float) (smoothing / classes));
      labels[i][batch.get(i).label()] += (float) (1 - smoothing);
    }
    return labels;
  }

  private float[][] mask(int count, Random random) {
    float[][] mask = new float[count][shape.features()];
    float kept = (float) (1 / (1 - options.dropout()));
    for (float[] row : mask) {
      for (int i = 0; i < row.length; i++) {
        row[i] = options.dropout() > 0 && random.nextDouble() < options.dropout() ? 0 : kept;
      }
    }
    return mask;
  }

  private static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  private static int right(List<LabelledImage> batch, float[][] logits) {
    int right = 0;
    for (int i = 0; i < logits.length; i++) {
      if (best(logits[i]) == batch.get(i).label()) {
        right++;
      }
    }
    return right;
  }

  private record Measured(double loss, double accuracy) {}

  private Measured measure(List<LabelledImage> all) {
    double loss = 0;
    int right = 0;
    for (List<LabelledImage> batch : batches(all, MEASURED_AT_A_TIME)) {
      try (Input input = input(batch)) {
        float[][] logits = graph.logits(input.tensor());
        float[][] labels = labels(batch);
        for (int i = 0; i < logits.length; i++) {
          loss += crossEntropy(logits[i], labels[i]);
        }
        right += right(batch, logits);
      }
    }
    return new Measured(loss / all.size(), (double) right / all.size());
  }

  private static double crossEntropy(float[] logits, float[] labels) {
    double most = logits[best(logits)];
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - most);
    }
    double entropy = 0;
    for (int i = 0; i < logits.length; i++) {
      entropy -= labels[i] * (logits[i] - most - Math.log(sum));
    }
    return entropy;
  }

  private int[][] confusion() {
    int classes = images.labels().size();
    int[][] confusion = new int[classes][classes];
    for (List<LabelledImage> batch : batches(images.measured(), MEASURED_AT_A_TIME)) {
      try (Input input = input(batch)) {
        float[][] logits = graph.logits(input.tensor());
        for (int i = 0; i < logits.length; i++) {
          confusion[batch.get(i).label()][best(logits[i])]++;
        }
      }
    }
    return confusion;
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

  private void writeReport(FineTuneResult result) {
    Map<String, Object> report = new TreeMap<>();
    report.put("options", options.fingerprint() + " epochs=" + options.epochs());
    report.put("network", shape.name());
    report.put("labels", result.labels());
    report.put("history", result.history());
    report.put("confusion", result.confusion());
    report.put("validated", result.validated());
    report.put("skipped", result.skipped());
    try {
      Files.writeString(output.resolve("learning-curve.svg"), Charts.learningCurve(history));
      Files.writeString(
          output.resolve("confusion-matrix.svg"),
          Charts.confusionMatrix(result.labels(), result.confusion()));
      new ObjectMapper()
          .writerWithDefaultPrettyPrinter()
          .writeValue(output.resolve("training.json").toFile(), report);
    } catch (IOException e) {
      throw new FineTuneException(output + " cannot be written: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    owned.close();
  }
}
