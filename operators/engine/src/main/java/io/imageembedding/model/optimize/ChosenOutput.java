// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.optimize;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOutput;
import io.imageembedding.model.graph.ContentDigest;
import io.imageembedding.model.graph.FlatGraph;
import io.imageembedding.model.graph.FlatGraph.Tensor;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.graph.RunnableGraph;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.GlobalPooling;
import io.imageembedding.model.network.NetworkRecogniser;
import io.imageembedding.model.network.NetworkRecogniser.Recognised;
import io.imageembedding.model.network.NetworkTail;
import io.imageembedding.model.network.NetworkWeights;
import java.util.Optional;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;

/**
 * A model that gives another of its tensors than its own output: its classifier is left out, or the
 * softmax behind it. A MobileNetV2 has the digest then of its weights, wherever they came from.
 */
@Internal
public final class ChosenOutput {
  private static final String RESULT = "result";
  private static final String OUTPUT = "output";

  private ChosenOutput() {}

  /**
   * @param wanted null: what the model gives by itself
   * @throws ModelException if it has no such output
   */
  public static OpenedModel of(OpenedModel model, ModelOutput wanted) {
    if (wanted == null) {
      return model;
    }
    Optional<Recognised> network = model.recognised();
    ClassifierHead head = network.map(known -> known.weights().head()).orElse(null);
    if (wanted == ModelOutput.LOGITS) {
      return NetworkTail.softmax(model.flat())
          .map(last -> part(model, last.input(0), head == null ? null : logits(head)))
          .orElse(model);
    }
    if (network.isPresent() && head == null) {
      return model;
    }
    Tensor pooled =
        GlobalPooling.of(model.flat())
            .orElseThrow(
                () ->
                    ModelException.of(
                        model.origin().name(),
                        "--model-output features is of no use for it: its graph has no global"
                            + " pooling that everything passes"));
    return GlobalPooling.isOutput(pooled, model.flat()) ? model : part(model, pooled, null);
  }

  private static ClassifierHead logits(ClassifierHead head) {
    return new ClassifierHead(head.kernel(), head.biases(), false);
  }

  /**
   * @param head what stays of the classifier of a MobileNetV2
   */
  private static OpenedModel part(OpenedModel model, Tensor result, ClassifierHead head) {
    FlatGraph flat;
    GraphDef frozen;
    try {
      GraphDef all = withEnd(model.flat(), result);
      frozen = FlatGraph.of(all, OUTPUT, unknown -> Optional.empty()).frozen(OUTPUT);
      flat = FlatGraph.of(frozen, OUTPUT, unknown -> Optional.empty());
    } catch (IllegalArgumentException e) {
      throw ModelException.of(model.origin().name(), e.getMessage(), e);
    }
    Optional<Recognised> network =
        model.recognised().isPresent()
            ? model.recognised().map(known -> with(known, head))
            : NetworkRecogniser.recognise(flat, model.inputSize());
    return new OpenedModel(
        model.origin(),
        model.inputSize(),
        new RunnableGraph(frozen, model.graph().input(), null, OUTPUT, null),
        network.map(known -> FoldedNetwork.digest(known.weights())).orElseGet(() -> digest(frozen)),
        flat,
        network,
        model.recognised().isPresent() ? model.training() : OpenedModel.Training.UNKNOWN,
        false);
  }

  private static Recognised with(Recognised known, ClassifierHead head) {
    NetworkWeights weights = known.weights();
    return new Recognised(
        new NetworkWeights(weights.network(), weights.variables(), head),
        known.holders(),
        known.trainable());
  }

  /** The whole graph, with the tensor as vectors of float32 at its end. */
  private static GraphDef withEnd(FlatGraph graph, Tensor result) {
    DataType type = result.node().attribute("T").getType();
    GraphNodes nodes = new GraphNodes();
    nodes.graph().mergeFrom(graph.frozen(result, type, RESULT));
    String last = RESULT;
    if (GlobalPooling.keepsAxes(result)) {
      last = "squeezed";
      nodes
          .node(last, "Squeeze", RESULT)
          .putAttr("T", GraphNodes.type(type))
          .putAttr("squeeze_dims", GraphNodes.ints(1, 2));
    }
    if (type == DataType.DT_FLOAT) {
      nodes.node(OUTPUT, "Identity", last).putAttr("T", GraphNodes.type(type));
    } else {
      nodes
          .node(OUTPUT, "Cast", last)
          .putAttr("SrcT", GraphNodes.type(type))
          .putAttr("DstT", GraphNodes.type(DataType.DT_FLOAT));
    }
    return nodes.graph().build();
  }

  private static String digest(GraphDef frozen) {
    ContentDigest digest = new ContentDigest();
    frozen.getNodeList().forEach(digest::function);
    return digest.hex();
  }
}
