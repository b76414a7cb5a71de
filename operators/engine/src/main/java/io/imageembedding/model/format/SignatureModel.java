// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.graph.Checkpoint;
import io.imageembedding.model.network.Regularizer;
import io.imageembedding.model.optimize.OpenedModel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

/**
 * A SavedModel whose network lies in the nodes of its graph, with a signature that says between
 * which: a TF1 Hub module (signature {@code default}) or an export of TensorFlow 1.
 */
final class SignatureModel {
  private static final List<String> DEFAULT_SIGNATURES = List.of("serving_default", "default");
  private static final String TRAIN = "train";

  private final String model;
  private final ModelOptions options;

  private SignatureModel(String model, ModelOptions options) {
    this.model = model;
    this.options = options;
  }

  /**
   * @param checkpoint values of the variables, or null where there is none
   * @throws ModelException if no signature takes images, saying what there is
   */
  static OpenedModel open(
      ModelOrigin origin, SavedModel savedModel, ModelOptions options, Checkpoint checkpoint) {
    SignatureModel reader = new SignatureModel(origin.name(), options);
    MetaGraphDef metaGraph = reader.forInference(savedModel);
    SignatureDef signature = reader.signature(metaGraph.getSignatureDefMap());
    TensorInfo images =
        reader.only("input", options.input(), signature.getInputsMap(), reader::isImages);
    TensorInfo vectors =
        reader.only("output", options.output(), signature.getOutputsMap(), reader::isVectors);
    return MainGraph.open(
        origin,
        metaGraph.getGraphDef(),
        images,
        ImageShape.size(images.getTensorShape(), options).orElseThrow(),
        vectors,
        checkpoint,
        options,
        training(savedModel));
  }

  /** Of the graphs for different purposes the one for serving, else the one without a purpose. */
  private MetaGraphDef forInference(SavedModel savedModel) {
    return savedModel.getMetaGraphsList().stream()
        .filter(graph -> !graph.getMetaInfoDef().getTagsList().contains(TRAIN))
        .min(Comparator.comparing(graph -> !graph.getMetaInfoDef().getTagsList().contains("serve")))
        .orElseThrow(() -> ModelException.of(model, "it has no graph but for training"));
  }

  private SignatureDef signature(Map<String, SignatureDef> signatures) {
    Map<String, SignatureDef> byName = new TreeMap<>(signatures);
    byName.values().removeIf(signature -> signature.getOutputsCount() == 0);
    if (options.signature() != null) {
      return Optional.ofNullable(byName.get(options.signature()))
          .orElseThrow(() -> none("no signature " + options.signature(), byName.keySet()));
    }
    List<String> fitting = byName.keySet().stream().filter(name -> fits(byName.get(name))).toList();
    for (String name : DEFAULT_SIGNATURES) {
      if (fitting.contains(name)) {
        return byName.get(name);
      }
    }
    if (byName.size() == 1 || fitting.size() == 1) {
      return byName.get((fitting.isEmpty() ? byName.keySet() : fitting).iterator().next());
    }
    throw none(
        byName.isEmpty()
            ? "no signature"
            : fitting.isEmpty()
                ? "no signature that takes images and gives vectors"
                : "several signatures that take images (choose by --signature)",
        byName.keySet());
  }

  private boolean fits(SignatureDef signature) {
    return signature.getInputsMap().values().stream().anyMatch(this::isImages)
        && signature.getOutputsMap().values().stream().anyMatch(this::isVectors);
  }

  private ModelException none(String what, Collection<String> found) {
    return ModelException.of(
        model,
        "it has " + what + "; found: " + (found.isEmpty() ? "none" : String.join(", ", found)));
  }

  private TensorInfo only(
      String kind, String named, Map<String, TensorInfo> tensors, Predicate<TensorInfo> fits) {
    List<TensorInfo> fitting = new ArrayList<>();
    new TreeMap<>(tensors)
        .forEach(
            (name, tensor) -> {
              if (fits.test(tensor) && (named == null || named.equals(name))) {
                fitting.add(tensor);
              }
            });
    if (fitting.size() != 1) {
      String found =
          new TreeMap<>(tensors)
              .entrySet().stream()
                  .map(
                      entry ->
                          entry.getKey()
                              + " "
                              + ImageShape.text(
                                  entry.getValue().getDtype(), entry.getValue().getTensorShape()))
                  .collect(Collectors.joining(", "));
      throw ModelException.of(
          model,
          "its signature has "
              + (fitting.isEmpty() ? "no" : "more than one")
              + " fitting "
              + kind
              + (named == null ? "" : " " + named)
              + "; found: "
              + found);
    }
    return fitting.get(0);
  }

  private boolean isImages(TensorInfo tensor) {
    return NetworkPorts.takes(tensor.getDtype())
        && ImageShape.size(tensor.getTensorShape(), options).isPresent();
  }

  private boolean isVectors(TensorInfo tensor) {
    return NetworkPorts.gives(tensor.getDtype()) && ImageShape.isVectors(tensor.getTensorShape());
  }

  /** What the graph for training says, if there is one; its losses are not read. */
  private static OpenedModel.Training training(SavedModel savedModel) {
    OptionalDouble decay =
        savedModel.getMetaGraphsList().stream()
            .filter(graph -> graph.getMetaInfoDef().getTagsList().contains(TRAIN))
            .map(graph -> MovingAverages.decay(graph.getGraphDef().getNodeList()))
            .filter(OptionalDouble::isPresent)
            .findFirst()
            .orElse(OptionalDouble.empty());
    return new OpenedModel.Training() {
      @Override
      public OptionalDouble batchNormDecay() {
        return decay;
      }

      @Override
      public List<Regularizer> regularizers(Map<String, String> variables) {
        return List.of();
      }
    };
  }
}
