// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.export;

import com.google.protobuf.ByteString;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.Regularizer;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedBareConcreteFunction;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedConcreteFunction;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedFunction;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.Struct.StructuredValue;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/** What of a network stands in the files of a {@link ReusableSavedModel}. */
final class SavedNetwork {

  /** TF-Slim's decay of the moving averages. */
  private static final double SLIM_DECAY = 0.997;

  /** {@code TF_GRAPH_DEF_VERSION} of TensorFlow 2.18, and the oldest reader that it names. */
  private static final int GRAPH_VERSION = 1994;

  private static final int OLDEST_READER = 12;

  private static final String SERVING_DEFAULT = "serving_default";
  private static final String FEATURE_VECTOR = "feature_vector";
  private static final String OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH";

  private final TrainableNetwork network;
  private final MobileNetV2 architecture;
  private final ClassifierHead head;
  private final TensorShapeProto images;
  private final List<NetworkVariable> variables;
  private final Map<String, NetworkVariable> byKey = new LinkedHashMap<>();
  private final Map<String, Integer> ids = new HashMap<>();
  private final SavedObjects objects = new SavedObjects();
  private final List<FunctionDef> functions = new ArrayList<>();
  private final SavedModel savedModel;

  private SavedNetwork(TrainableNetwork network) {
    this.network = network;
    architecture = network.weights().network();
    head = network.weights().head();
    images = GraphNodes.shape(-1, architecture.inputSize(), architecture.inputSize(), 3);
    variables = NetworkVariable.of(network.weights());

    objects.addUserObject("_generic_user_object");
    addVariables();
    String output = head == null ? FEATURE_VECTOR : head.softmax() ? "scores" : "logits";
    FunctionDef inference =
        NetworkFunction.inference("inference", architecture, variables, head, output);
    double decay = network.batchNormDecay().orElse(SLIM_DECAY);
    FunctionDef training =
        NetworkFunction.training("training", architecture, variables, head, output, decay);
    addCall(inference, training);
    addRegularizers();
    List<ServingGraph.Signature> signatures = addSignatures(inference);
    savedModel = savedModel(signatures);
  }

  /**
   * @throws ModelException if the network lacks a variable, naming it
   */
  static SavedNetwork of(TrainableNetwork network) {
    return new SavedNetwork(network);
  }

  /** The content of {@code saved_model.pb}. */
  SavedModel savedModel() {
    return savedModel;
  }

  /** The content of {@code variables/} by key. */
  Map<String, TensorProto> tensors() {
    Map<String, TensorProto> tensors = new LinkedHashMap<>();
    byKey.forEach((key, variable) -> tensors.put(key, variable.value().proto()));
    tensors.put(OBJECTS, checkpointObjects());
    return tensors;
  }

  private TensorProto checkpointObjects() {
    return TensorProto.newBuilder()
        .setDtype(DataType.DT_STRING)
        .setTensorShape(GraphNodes.shape())
        .addStringVal(ByteString.copyFrom(objects.stored().toByteArray()))
        .build();
  }

  private void addVariables() {
    List<Integer> all = new ArrayList<>();
    List<Integer> trainable = new ArrayList<>();
    for (NetworkVariable variable : variables) {
      String key = "variables/" + all.size() + "/.ATTRIBUTES/VARIABLE_VALUE";
      int id = objects.addVariable(variable, key);
      byKey.put(key, variable);
      ids.put(variable.name(), id);
      all.add(id);
      if (variable.isTrainable()) {
        trainable.add(id);
      }
    }
    objects.addList("variables", all);
    objects.addList("trainable_variables", trainable);
  }

  /** {@code __call__} with a trace for each value of {@code training}. */
  private void addCall(FunctionDef inference, FunctionDef training) {
    addTrace(inference, false);
    addTrace(training, true);
    SavedFunction.Builder call =
        SavedFunction.newBuilder()
            .addConcreteFunctions(inference.getSignature().getName())
            .addConcreteFunctions(training.getSignature().getName())
            .setFunctionSpec(
                StructuredValues.functionSpec(
                    List.of(NetworkFunction.INPUT, "training"),
                    StructuredValues.tuple(StructuredValues.bool(false)),
                    List.of()));
    objects.addChild(
        SavedObjects.ROOT, "__call__", objects.add(SavedObject.newBuilder().setFunction(call)));
  }

  private void addTrace(FunctionDef function, boolean training) {
    StructuredValue arguments =
        StructuredValues.tuple(
            StructuredValues.floats(NetworkFunction.INPUT, images),
            StructuredValues.bool(training));
    addFunction(
        function,
        variableNames(function),
        StructuredValues.tuple(arguments, StructuredValues.dict(Map.of())),
        StructuredValues.floats(output(function), vectors(function)));
  }

  private void addRegularizers() {
    List<Integer> losses = new ArrayList<>();
    for (Regularizer regularizer : network.regularizers()) {
      FunctionDef function = named("regularization_loss_" + losses.size(), regularizer);
      addFunction(
          function,
          regularizer.variables(),
          StructuredValues.tuple(StructuredValues.tuple(), StructuredValues.dict(Map.of())),
          StructuredValues.floats(output(function), GraphNodes.shape()));
      losses.add(addBareFunction(function, List.of()));
    }
    objects.addList("regularization_losses", losses);
  }

  private FunctionDef named(String name, Regularizer regularizer) {
    FunctionDef.Builder function = regularizer.function().toBuilder();
    OpDef.Builder signature = function.getSignatureBuilder().setName(name);
    for (int i = 0; i < regularizer.variables().size(); i++) {
      String variable = regularizer.variables().get(i);
      TensorShapeProto shape =
          variables.stream()
              .filter(known -> known.name().equals(variable))
              .findFirst()
              .orElseThrow(
                  () ->
                      new ModelException(
                          "a regularisation loss uses the variable "
                              + variable
                              + ", which the network does not have"))
              .shape();
      NetworkFunction.addResource(signature.getInputArgBuilder(i), shape);
    }
    return function.build();
  }

  private List<ServingGraph.Signature> addSignatures(FunctionDef inference) {
    int map = objects.addUserObject("signature_map");
    objects.addChild(SavedObjects.ROOT, "signatures", map);
    List<ServingGraph.Signature> signatures = new ArrayList<>();
    signatures.add(addSignature(map, SERVING_DEFAULT, inference));
    if (head != null) {
      List<NetworkVariable> withoutHead = variables.subList(0, variables.size() - 2);
      FunctionDef features =
          NetworkFunction.inference("features", architecture, withoutHead, null, FEATURE_VECTOR);
      functions.add(features);
      signatures.add(addSignature(map, FEATURE_VECTOR, features));
    }
    return signatures;
  }

  private ServingGraph.Signature addSignature(int map, String name, FunctionDef called) {
    FunctionDef function = NetworkFunction.calling("signature_" + name, called);
    StructuredValue arguments =
        StructuredValues.dict(
            Map.of(NetworkFunction.INPUT, StructuredValues.floats(NetworkFunction.INPUT, images)));
    StructuredValue results =
        StructuredValues.dict(
            Map.of(output(function), StructuredValues.floats(output(function), vectors(function))));
    addFunction(
        function,
        variableNames(function),
        StructuredValues.tuple(StructuredValues.tuple(), arguments),
        results);
    objects.addChild(map, name, addBareFunction(function, List.of(NetworkFunction.INPUT)));
    return new ServingGraph.Signature(name, function, images, vectors(function));
  }

  /** Those that the function takes behind the images: the first ones, or all. */
  private List<String> variableNames(FunctionDef function) {
    return variables.stream()
        .map(NetworkVariable::name)
        .limit(function.getSignature().getInputArgCount() - 1L)
        .toList();
  }

  private static String output(FunctionDef function) {
    return function.getSignature().getOutputArg(0).getName();
  }

  private TensorShapeProto vectors(FunctionDef function) {
    boolean features = output(function).equals(FEATURE_VECTOR);
    return GraphNodes.shape(-1, features ? architecture.features() : head.classes());
  }

  private void addFunction(
      FunctionDef function, List<String> captures, StructuredValue input, StructuredValue output) {
    functions.add(function);
    objects.addFunction(
        function.getSignature().getName(),
        SavedConcreteFunction.newBuilder()
            .addAllBoundInputs(captures.stream().map(ids::get).toList())
            .setCanonicalizedInputSignature(input)
            .setOutputSignature(output)
            .build());
  }

  private int addBareFunction(FunctionDef function, List<String> keywords) {
    return objects.add(
        SavedObject.newBuilder()
            .setBareConcreteFunction(
                SavedBareConcreteFunction.newBuilder()
                    .setConcreteFunctionName(function.getSignature().getName())
                    .addAllArgumentKeywords(keywords)
                    .setAllowedPositionalArguments(keywords.size())
                    .setFunctionSpec(StructuredValues.functionSpec(List.of(), null, keywords))));
  }

  private SavedModel savedModel(List<ServingGraph.Signature> signatures) {
    ServingGraph serving = new ServingGraph(byKey, OBJECTS, checkpointObjects());
    MetaGraphDef.Builder metaGraph = MetaGraphDef.newBuilder().setSaverDef(serving.saver());
    metaGraph
        .getMetaInfoDefBuilder()
        .addTags("serve")
        .setTensorflowVersion(TensorFlowRuntime.version())
        .setStrippedDefaultAttrs(true);
    for (ServingGraph.Signature signature : signatures) {
      metaGraph.putSignatureDef(signature.name(), serving.addSignature(signature));
    }
    metaGraph.setGraphDef(serving.definition()).setObjectGraphDef(objects.saved());
    metaGraph.getGraphDefBuilder().getLibraryBuilder().addAllFunction(functions);
    metaGraph
        .getGraphDefBuilder()
        .getVersionsBuilder()
        .setProducer(GRAPH_VERSION)
        .setMinConsumer(OLDEST_READER);
    return SavedModel.newBuilder().setSavedModelSchemaVersion(1).addMetaGraphs(metaGraph).build();
  }
}
