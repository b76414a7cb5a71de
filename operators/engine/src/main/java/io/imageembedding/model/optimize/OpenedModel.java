// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.optimize;

import io.imageembedding.annotation.Internal;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.ClassLabels;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.Labels;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.Precision;
import io.imageembedding.model.ProofFigures;
import io.imageembedding.model.UnsupportedPrecisionException;
import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.RunnableGraph;
import io.imageembedding.model.graph.WorkEstimate;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.NetworkRecogniser;
import io.imageembedding.model.network.NetworkRecogniser.Recognised;
import io.imageembedding.model.network.NetworkTail;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.network.Regularizer;
import io.imageembedding.model.network.Rescaling;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.model.run.GoldenVectors;
import io.imageembedding.model.run.GraphModel;
import io.imageembedding.model.run.LoadTime;
import io.imageembedding.model.run.ModelProof;
import io.imageembedding.tensorflow.Ownership;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that has been read and checked but not run. What is run of it is its network with batch
 * normalisation folded, if it is a MobileNetV2, or else its graph with constants for variables;
 * where that gives other vectors on probe images than the graph as it is, the graph as it is.
 */
@Internal
public final class OpenedModel {
  private static final Logger LOG = LoggerFactory.getLogger(OpenedModel.class);

  /** Largest difference, of the largest feature or of 1 if that is smaller. */
  private static final double TOLERANCE = 1e-3;

  private static final String FROZEN_OUTPUT = "output";

  public static final String FEATURES = "features";
  public static final String LOGITS = "logits";
  public static final String PROBABILITIES = "probabilities";

  private final ModelOrigin origin;
  private final int inputSize;
  private final RunnableGraph graph;
  private final String sha256;
  private final FlatGraph flat;
  private final Optional<Recognised> recognised;
  private final Training training;
  private final boolean whole;

  /** What a model says of its own training. */
  public interface Training {

    /** A model that says nothing of it. */
    Training UNKNOWN =
        new Training() {
          @Override
          public OptionalDouble batchNormDecay() {
            return OptionalDouble.empty();
          }

          @Override
          public List<Regularizer> regularizers(Map<String, String> variables) {
            return List.of();
          }
        };

    OptionalDouble batchNormDecay();

    /**
     * @param variables TF-Slim's names of the variables by the nodes that hold them
     */
    List<Regularizer> regularizers(Map<String, String> variables);
  }

  /**
   * @param whole whether it is what the model gives by itself, as its golden vectors are
   */
  OpenedModel(
      ModelOrigin origin,
      int inputSize,
      RunnableGraph graph,
      String sha256,
      FlatGraph flat,
      Optional<Recognised> recognised,
      Training training,
      boolean whole) {
    this.origin = origin;
    this.inputSize = inputSize;
    this.graph = graph;
    this.sha256 = sha256;
    this.flat = flat;
    this.recognised = recognised;
    this.training = training;
    this.whole = whole;
  }

  /**
   * A graph of which it is to be seen what network it is.
   *
   * @param variables values of its variables by the names of their nodes
   * @throws ModelException if the graph does not hold together
   */
  public static OpenedModel of(
      ModelOrigin origin,
      int inputSize,
      RunnableGraph graph,
      String sha256,
      Function<String, Optional<FloatTensor>> variables,
      Training training) {
    FlatGraph flat;
    try {
      flat = FlatGraph.of(graph.definition(), graph.output(), variables);
    } catch (IllegalArgumentException e) {
      throw refused(origin, e);
    }
    return new OpenedModel(
        origin,
        inputSize,
        graph,
        sha256,
        flat,
        NetworkRecogniser.recognise(flat, inputSize),
        training,
        true);
  }

  /** A MobileNetV2 that is known to be one. */
  public static OpenedModel of(ModelOrigin origin, NetworkWeights weights) {
    RunnableGraph graph = new FoldedNetwork(weights).graph();
    return new OpenedModel(
        origin,
        weights.network().inputSize(),
        graph,
        FoldedNetwork.digest(weights),
        FlatGraph.of(graph.definition(), graph.output(), unknown -> Optional.empty()),
        Optional.of(new Recognised(weights, Map.of(), true)),
        new SlimTraining(weights.network()),
        true);
  }

  private static ModelException refused(ModelOrigin origin, IllegalArgumentException cause) {
    return ModelException.of(origin.name(), cause.getMessage(), cause);
  }

  public ModelOrigin origin() {
    return origin;
  }

  public int inputSize() {
    return inputSize;
  }

  public RunnableGraph graph() {
    return graph;
  }

  public FlatGraph flat() {
    return flat;
  }

  /**
   * What its output is, as far as its graph tells: {@link #PROBABILITIES} behind a softmax, {@link
   * #LOGITS} behind the classifier of a MobileNetV2, else {@link #FEATURES}.
   */
  public String outputKind() {
    if (NetworkTail.softmax(flat).isPresent()) {
      return PROBABILITIES;
    }
    boolean classifier = recognised.isPresent() && recognised.get().weights().head() != null;
    return classifier ? LOGITS : FEATURES;
  }

  /** What somebody should look at before using it. */
  public Optional<String> hint() {
    return Rescaling.hint(flat);
  }

  Training training() {
    return training;
  }

  public String sha256() {
    return sha256;
  }

  /** The MobileNetV2 that it is; empty if it is another network. */
  public Optional<Recognised> recognised() {
    return recognised;
  }

  /**
   * The network with what its training needs.
   *
   * @throws ModelException if it is no MobileNetV2, or one that cannot be trained
   */
  public TrainableNetwork trainable() {
    Recognised network =
        recognised.orElseThrow(
            () ->
                ModelException.of(
                    origin.name(), "it is no MobileNetV2, only such can be trained and exported"));
    if (!network.trainable()) {
      throw ModelException.of(
          origin.name(),
          "its batch normalisation is folded into the convolutions, so it can be neither"
              + " trained nor exported");
    }
    Map<String, String> byHolder = new HashMap<>();
    network.holders().forEach((variable, holder) -> byHolder.put(holder, variable));
    return new TrainableNetwork(
        network.weights(), training.batchNormDecay(), training.regularizers(byHolder));
  }

  /**
   * Loads the model into native memory that the caller owns, and proves it; before that it is told
   * what it takes.
   *
   * @throws ModelException if it takes too much memory or time, or fails the proof
   */
  public FeatureVectorModel load(ModelOptions options) {
    return LoadTime.spend(origin.name(), () -> loaded(options), FeatureVectorModel::close);
  }

  private FeatureVectorModel loaded(ModelOptions options) {
    try {
      WorkEstimate.require(
          flat, ModelProof.PROBES, inputSize, !options.allowedOperations().isEmpty());
    } catch (IllegalArgumentException e) {
      throw refused(origin, e);
    }
    Optional<GoldenVectors> goldens =
        whole ? GoldenVectors.in(origin, inputSize) : Optional.empty();
    try (Ownership owned = new Ownership()) {
      GraphModel original =
          owned.add(
              GraphModel.load(
                  origin.name(), inputSize, graph, sha256, isFolded() ? shape() : null));
      GraphModel exact = exact(original, owned);
      // Another arithmetic is held to the exact network, and not to its goldens.
      goldens.ifPresent(exact::require);
      GraphModel model = inPrecision(exact, options.precision(), owned);
      model.readAs(classes(options, model.descriptor().dimension()));
      model.takes(options.inputRange());
      hint().ifPresent(hint -> LOG.warn("model {}: {}", origin.name(), hint));
      return owned.release(model);
    }
  }

  /**
   * Loads the model, and says what its proof found.
   *
   * @throws ModelException if it fails the proof
   */
  public ProofFigures prove(ModelOptions options) {
    try (FeatureVectorModel model = load(options)) {
      return ((GraphModel) model).finding();
    }
  }

  /** Names of the classes: those of the options, else those that lie with a classifier. */
  public List<String> labels(ModelOptions options) {
    if (options.labels() != null) {
      return options.labels();
    }
    boolean lie = !outputKind().equals(FEATURES) && origin.labels() != null;
    return lie ? Labels.read(origin.labels()) : List.of();
  }

  /** How the vectors are to be read; null where they are features. */
  private ClassLabels classes(ModelOptions options, int dimension) {
    String kind = outputKind();
    boolean features = kind.equals(FEATURES);
    List<String> labels = labels(options);
    if (labels.isEmpty() && features) {
      return null;
    }
    if (labels.isEmpty()) {
      labels = IntStream.range(0, dimension).mapToObj(Integer::toString).toList();
    }
    if (labels.size() != dimension) {
      throw new ModelException(
          "model "
              + origin.name()
              + " gives "
              + dimension
              + (features ? " features" : " classes")
              + ", which "
              + labels.size()
              + " labels do not fit");
    }
    return new ClassLabels(labels, !kind.equals(PROBABILITIES));
  }

  private boolean isFolded() {
    return recognised.isPresent() && recognised.get().holders().isEmpty();
  }

  /** Of the MobileNetV2 that it is; null if it is another network. */
  private MobileNetV2 shape() {
    return recognised.map(network -> network.weights().network()).orElse(null);
  }

  /** What is run instead of the exact network, which is closed then. */
  private GraphModel inPrecision(GraphModel exact, Precision precision, Ownership owned) {
    return recognised.isPresent()
        ? owned.add(
            new PrecisionChoice(origin.name(), recognised.get().weights(), owned.release(exact))
                .of(precision))
        : onlyFp32(exact, precision);
  }

  private GraphModel onlyFp32(GraphModel model, Precision precision) {
    if (precision == Precision.BF16) {
      throw new UnsupportedPrecisionException(
          origin.name(), "it is no MobileNetV2, only such run in bf16; needed: fp32");
    }
    return model;
  }

  /** With batch normalisation folded, or else at least with constants for variables. */
  private GraphModel exact(GraphModel original, Ownership owned) {
    Optional<RunnableGraph> faster = faster();
    if (faster.isEmpty()) {
      return original;
    }
    boolean folded = recognised.isPresent();
    GraphModel candidate =
        owned.add(GraphModel.load(origin.name(), inputSize, faster.get(), sha256, shape()));
    double difference = difference(original, candidate);
    if (difference <= TOLERANCE) {
      owned.release(original).close();
      return candidate;
    }
    LOG.warn(
        "model {} runs as it is: {} its vectors differ by {}",
        origin.name(),
        folded ? "with batch normalisation folded" : "with constants for its variables",
        difference);
    owned.release(candidate).close();
    return original;
  }

  private Optional<RunnableGraph> faster() {
    if (recognised.isPresent()) {
      return isFolded()
          ? Optional.empty()
          : Optional.of(new FoldedNetwork(recognised.get().weights()).graph());
    }
    if (graph.checkpoint() == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new RunnableGraph(flat.frozen(FROZEN_OUTPUT), graph.input(), null, FROZEN_OUTPUT, null));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private double difference(GraphModel original, GraphModel folded) {
    List<float[]> probes = ModelProof.probes(inputSize);
    try (ImageTensor images = new ImageTensor(inputSize, probes.size())) {
      probes.forEach(images::append);
      float[][] expected = original.embed(images);
      float[][] actual = folded.embed(images);
      return expected[0].length == actual[0].length
          ? ModelProof.difference(expected, actual) / ModelProof.scale(expected)
          : Double.POSITIVE_INFINITY;
    }
  }
}
