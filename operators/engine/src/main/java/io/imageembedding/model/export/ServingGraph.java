// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.export;

import io.imageembedding.model.graph.CheckpointWriter;
import io.imageembedding.model.graph.GraphNodes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * The graph of a SavedModel, for programs that know nothing of its objects: variables, how they are
 * restored and saved, and for each signature a placeholder for the images and a call of its
 * function.
 */
final class ServingGraph {
  private static final String METHOD = "tensorflow/serving/predict";
  private static final String FILE = "saver_filename";
  private static final String SAVE = "save";
  private static final String SAVED = "saved_filename";
  private static final String RESTORE = "restore";
  private static final String RESTORED = "restored";

  /**
   * A way to call the network.
   *
   * @param function of images and the first of the variables, or all
   * @param images their shape
   * @param result the shape of what comes out
   */
  record Signature(
      String name, FunctionDef function, TensorShapeProto images, TensorShapeProto result) {}

  private final GraphNodes nodes = new GraphNodes();
  private final Map<String, NetworkVariable> variables;

  /**
   * @param variables by their keys in the checkpoint, in the order in which functions take them
   * @param objectsKey the key of what else belongs in the checkpoint
   */
  ServingGraph(Map<String, NetworkVariable> variables, String objectsKey, TensorProto objects) {
    this.variables = variables;
    for (NetworkVariable variable : variables.values()) {
      nodes
          .node(variable.name(), "VarHandleOp")
          .putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT))
          .putAttr("shape", AttrValue.newBuilder().setShape(variable.shape()).build())
          .putAttr("shared_name", GraphNodes.text(variable.name()));
      nodes
          .node(read(variable), "ReadVariableOp", variable.name())
          .putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT));
    }
    nodes.placeholder(FILE, DataType.DT_STRING, GraphNodes.shape());
    addRestore();
    Map<String, String> values = new LinkedHashMap<>();
    variables.forEach((key, variable) -> values.put(key, read(variable)));
    values.put(objectsKey, nodes.constant("objects", objects));
    List<DataType> types = Stream.concat(types().stream(), Stream.of(objects.getDtype())).toList();
    CheckpointWriter.addSave(
        nodes, SAVE, FILE, List.copyOf(values.keySet()), List.copyOf(values.values()), types);
    nodes
        .node(SAVED, "Identity", FILE, "^" + SAVE)
        .putAttr("T", GraphNodes.type(DataType.DT_STRING));
  }

  private static String read(NetworkVariable variable) {
    return variable.name() + "/Read/ReadVariableOp";
  }

  private List<DataType> types() {
    return variables.values().stream().map(variable -> DataType.DT_FLOAT).toList();
  }

  private void addRestore() {
    List<String> keys = List.copyOf(variables.keySet());
    nodes
        .node(
            RESTORE,
            "RestoreV2",
            FILE,
            nodes.constant(RESTORE + ".keys", keys),
            nodes.constant(RESTORE + ".slices", keys.stream().map(key -> "").toList()))
        .putAttr("dtypes", GraphNodes.types(types()));
    List<String> assigned = new ArrayList<>();
    for (NetworkVariable variable : variables.values()) {
      String assign = variable.name() + "/Assign";
      nodes
          .node(assign, "AssignVariableOp", variable.name(), RESTORE + ":" + assigned.size())
          .putAttr("dtype", GraphNodes.type(DataType.DT_FLOAT));
      assigned.add("^" + assign);
    }
    nodes.node(RESTORED, "NoOp", assigned.toArray(String[]::new));
  }

  /** Adds a signature's nodes, and says where they begin and end. */
  SignatureDef addSignature(Signature signature) {
    OpDef called = signature.function().getSignature();
    String input =
        nodes.placeholder(
            signature.name() + "_" + NetworkFunction.INPUT, DataType.DT_FLOAT, signature.images());
    String call = signature.name() + "_call";
    NodeDef.Builder node =
        nodes
            .node(call, "StatefulPartitionedCall", input)
            .putAttr("Tin", GraphNodes.types(NetworkFunction.types(called.getInputArgList())))
            .putAttr("Tout", GraphNodes.types(NetworkFunction.types(called.getOutputArgList())))
            .putAttr("f", NetworkFunction.function(called.getName()));
    variables.values().stream()
        .limit(called.getInputArgCount() - 1L)
        .forEach(variable -> node.addInput(variable.name()));
    return SignatureDef.newBuilder()
        .putInputs(NetworkFunction.INPUT, info(input, signature.images()))
        .putOutputs(called.getOutputArg(0).getName(), info(call, signature.result()))
        .setMethodName(METHOD)
        .build();
  }

  private static TensorInfo info(String node, TensorShapeProto shape) {
    return TensorInfo.newBuilder()
        .setName(node + ":0")
        .setDtype(DataType.DT_FLOAT)
        .setTensorShape(shape)
        .build();
  }

  GraphDef.Builder definition() {
    return nodes.graph();
  }

  SaverDef saver() {
    return SaverDef.newBuilder()
        .setFilenameTensorName(FILE + ":0")
        .setSaveTensorName(SAVED + ":0")
        .setRestoreOpName(RESTORED)
        .setVersion(SaverDef.CheckpointFormatVersion.V2)
        .build();
  }
}
