// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelDescription;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.ProofFigures;
import io.imageembedding.model.export.PlainSavedModel;
import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.MultiplyAdds;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.NetworkRecogniser.Recognised;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.optimize.OpenedModel;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.tensorflow.proto.GraphDef;

/** Says what a model is, proves it, and writes it as a plain SavedModel. */
@Internal
public final class ModelInspector {
  private ModelInspector() {}

  /**
   * @throws ModelException if it is a source of somebody's own
   */
  static NamedModel door(ModelSource source) {
    if (source instanceof NamedModel door) {
      return door;
    }
    throw ModelException.of(
        String.valueOf(source), "only a model that is named can be looked into");
  }

  /**
   * What the model is.
   *
   * @throws ModelException if there is none, or it is damaged or refused
   */
  public static ModelDescription inspect(ModelSource source) {
    NamedModel door = door(source);
    OpenedModel model = door.open();
    Map<String, Integer> operations = new TreeMap<>();
    for (FlatGraph.Node node : model.flat().nodes()) {
      operations.merge(node.op(), 1, Integer::sum);
    }
    ProofFigures proof = model.prove(door.options());
    String output = model.outputKind();
    Long multiplyAdds = null;
    int variables = 0;
    long parameters = 0;
    Long trainable = null;
    String network = null;
    if (model.recognised().isPresent()) {
      NetworkWeights weights = model.recognised().get().weights();
      network = weights.network().name();
      variables = weights.variables().size();
      parameters = elements(weights, false);
      trainable = elements(weights, true);
      long head = 0;
      if (weights.head() != null) {
        head = weights.head().kernel().elements();
        long both = head + weights.head().biases().elements();
        variables += 2;
        parameters += both;
        trainable += both;
      }
      multiplyAdds = weights.network().multiplyAdds() + head;
    } else {
      for (FloatTensor value : model.flat().variables()) {
        variables++;
        parameters += value.elements();
      }
      multiplyAdds = multiplyAdds(model);
    }
    return new ModelDescription(
        model.origin().name(),
        model.origin().form(),
        network,
        model.recognised().map(Recognised::trainable).orElse(false),
        model.origin().signatures(),
        model.origin().functions(),
        variables,
        parameters,
        trainable,
        multiplyAdds,
        model.inputSize(),
        proof.dimension(),
        output,
        model.sha256(),
        operations,
        door.options().inputRange().text(),
        model.hint().orElse(null));
  }

  private static long elements(NetworkWeights weights, boolean trainable) {
    return weights.variables().entrySet().stream()
        .filter(variable -> !trainable || MobileNetV2.isTrainable(variable.getKey()))
        .mapToLong(variable -> variable.getValue().elements())
        .sum();
  }

  private static Long multiplyAdds(OpenedModel model) {
    GraphDef frozen;
    try {
      frozen = model.flat().frozen("output");
    } catch (IllegalArgumentException e) {
      return null;
    }
    OptionalLong count = MultiplyAdds.of(frozen, model.graph().input(), model.inputSize());
    return count.isPresent() ? count.getAsLong() : null;
  }

  /**
   * Loads the model and says what its proof found.
   *
   * @throws ModelException with the figures if it fails
   */
  public static ProofFigures prove(ModelSource source) {
    NamedModel door = door(source);
    return door.open().prove(door.options());
  }

  /**
   * Writes the model as a plain SavedModel: constants, and the signature {@code serving_default}
   * from {@code inputs} to {@code feature_vector}, {@code logits} or {@code scores}.
   *
   * @param directory not there yet, or empty
   * @throws ModelException if the model fails its proof, or the directory cannot be written; then
   *     nothing is left behind
   */
  public static void writePlain(ModelSource source, Path directory) {
    NamedModel door = door(source);
    OpenedModel model = door.open();
    ProofFigures proof = model.prove(door.options());
    String output =
        switch (model.outputKind()) {
          case OpenedModel.LOGITS -> "logits";
          case OpenedModel.PROBABILITIES -> "scores";
          default -> "feature_vector";
        };
    PlainSavedModel.write(model, output, proof.dimension(), directory);
  }
}
