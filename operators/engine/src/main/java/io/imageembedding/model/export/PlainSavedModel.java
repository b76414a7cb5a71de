// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.export;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.format.SavedModelDirectory;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.optimize.OpenedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * A SavedModel that every version of TensorFlow loads and serves: one graph with the tag {@code
 * serve}, constants for variables, and the signature {@code serving_default} from {@code inputs} to
 * {@code feature_vector}, or {@code logits} or {@code scores} of a classifier.
 */
@Internal
public final class PlainSavedModel {
  private static final String SIGNATURE = "serving_default";
  private static final String INPUTS = "inputs";
  private static final String METHOD = "tensorflow/serving/predict";

  private PlainSavedModel() {}

  /**
   * Writes the model, and its labels if it has some.
   *
   * @param output key of the signature's output
   * @throws ModelException if it cannot be frozen, or the directory is not empty
   */
  public static void write(OpenedModel model, String output, int dimension, Path directory) {
    GraphDef graph;
    try {
      graph = model.flat().frozen(output);
    } catch (IllegalArgumentException e) {
      throw ModelException.of(model.origin().name(), e.getMessage(), e);
    }
    GraphDef.Builder renamed = graph.toBuilder();
    String input = model.graph().input();
    for (NodeDef.Builder node : renamed.getNodeBuilderList()) {
      if (node.getName().equals(input)) {
        node.setName(INPUTS);
      }
      for (int i = 0; i < node.getInputCount(); i++) {
        node.setInput(i, node.getInput(i).replaceFirst("^" + input + ":", INPUTS + ":"));
      }
    }
    int size = model.inputSize();
    MetaGraphDef.Builder metaGraph = MetaGraphDef.newBuilder().setGraphDef(renamed);
    metaGraph.getMetaInfoDefBuilder().addTags("serve");
    metaGraph.putSignatureDef(
        SIGNATURE,
        SignatureDef.newBuilder()
            .setMethodName(METHOD)
            .putInputs(INPUTS, tensor(INPUTS, GraphNodes.shape(-1, size, size, 3)))
            .putOutputs(output, tensor(output, GraphNodes.shape(-1, dimension)))
            .build());
    SavedModel savedModel =
        SavedModel.newBuilder().setSavedModelSchemaVersion(1).addMetaGraphs(metaGraph).build();
    NewDirectory.write(
        directory,
        folder -> {
          Files.write(folder.resolve(SavedModelDirectory.FILE), savedModel.toByteArray());
          copyLabels(model.origin(), folder);
        });
  }

  private static void copyLabels(ModelOrigin origin, Path folder) throws IOException {
    Path labels = origin.labels();
    if (labels != null) {
      Files.createDirectory(folder.resolve("assets"));
      Files.copy(labels, folder.resolve("assets").resolve("labels.txt"));
    }
  }

  private static TensorInfo tensor(String name, TensorShapeProto shape) {
    return TensorInfo.newBuilder()
        .setName(name + ":0")
        .setDtype(DataType.DT_FLOAT)
        .setTensorShape(shape)
        .build();
  }
}
