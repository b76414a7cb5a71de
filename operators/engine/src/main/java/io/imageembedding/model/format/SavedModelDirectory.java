// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import com.google.protobuf.InvalidProtocolBufferException;
import io.imageembedding.annotation.Internal;
import io.imageembedding.model.Choice;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOrigin;
import io.imageembedding.model.graph.Checkpoint;
import io.imageembedding.model.optimize.OpenedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.TensorInfo;

/**
 * A SavedModel in a directory. Of its graph nothing is run; what turns images into vectors is taken
 * out of it, checked, and put into a graph of our own with the variables that it uses: a function
 * of its objects where there are any (TensorFlow 2), else nodes of its graph (TensorFlow 1).
 */
@Internal
public final class SavedModelDirectory {
  public static final String FILE = "saved_model.pb";

  private SavedModelDirectory() {}

  public static OpenedModel open(String name, Path directory, ModelOptions options) {
    SavedModel savedModel;
    try {
      savedModel =
          SavedModel.parseFrom(
              ModelFile.bytes(name, directory.resolve(FILE), SavedModel.getDescriptor()));
    } catch (InvalidProtocolBufferException e) {
      throw ModelException.of(name, FILE + " is damaged", e);
    }
    Path prefix = directory.resolve("variables").resolve("variables");
    Optional<MetaGraphDef> withObjects =
        savedModel.getMetaGraphsList().stream()
            .filter(metaGraph -> metaGraph.getObjectGraphDef().getNodesCount() > 0)
            .findFirst();
    if (withObjects.isPresent()) {
      MetaGraphDef metaGraph = withObjects.get();
      ObjectGraph objects = new ObjectGraph(name, metaGraph.getObjectGraphDef());
      ModelOrigin origin =
          origin(
              name,
              directory,
              "SavedModel of TensorFlow 2",
              savedModel,
              ImageFunctionChooser.all(objects));
      return graft(origin, objects, metaGraph, options, prefix);
    }
    boolean frozen = isEmpty(prefix.getParent());
    Checkpoint checkpoint = frozen ? null : Checkpoint.open(name, prefix);
    ModelOrigin origin = origin(name, directory, tf1Form(directory), savedModel, List.of());
    return SignatureModel.open(origin, savedModel, options, checkpoint);
  }

  private static boolean isEmpty(Path directory) {
    String[] files = directory.toFile().list();
    return files == null || files.length == 0;
  }

  private static String tf1Form(Path directory) {
    return Files.exists(directory.resolve("tfhub_module.pb"))
        ? "TF1 Hub module"
        : "SavedModel of TensorFlow 1";
  }

  private static ModelOrigin origin(
      String name, Path directory, String form, SavedModel savedModel, List<String> functions) {
    List<String> signatures = new ArrayList<>();
    for (MetaGraphDef metaGraph : savedModel.getMetaGraphsList()) {
      String tags = String.join(",", metaGraph.getMetaInfoDef().getTagsList());
      new TreeMap<>(metaGraph.getSignatureDefMap())
          .forEach(
              (key, signature) -> {
                if (!key.startsWith("__saved_model")) {
                  signatures.add(
                      "{"
                          + tags
                          + "} "
                          + key
                          + ": "
                          + text(signature.getInputsMap())
                          + " -> "
                          + text(signature.getOutputsMap()));
                }
              });
    }
    return new ModelOrigin(
        name, form, directory, signatures, functions, EnumSet.allOf(Choice.class));
  }

  private static String text(Map<String, TensorInfo> tensors) {
    return new TreeMap<>(tensors)
        .entrySet().stream()
            .map(
                entry ->
                    entry.getKey()
                        + " "
                        + ImageShape.text(
                            entry.getValue().getDtype(), entry.getValue().getTensorShape()))
            .collect(Collectors.joining(", "));
  }

  private static OpenedModel graft(
      ModelOrigin origin,
      ObjectGraph objects,
      MetaGraphDef metaGraph,
      ModelOptions options,
      Path prefix) {
    String name = origin.name();
    AllowedOperations allowed = AllowedOperations.with(options);
    FunctionDefLibrary library = metaGraph.getGraphDef().getLibrary();
    ImageFunction function = new ImageFunctionChooser(name, objects, options).choose();
    Checkpoint checkpoint = Checkpoint.open(name, prefix);
    CheckpointKeys keys = CheckpointKeys.read(name, checkpoint, objects);
    GraftedGraph graft;
    try {
      graft =
          GraftedGraph.build(
              name,
              metaGraph.getGraphDef(),
              objects,
              function,
              FunctionClosure.of(name, library, allowed, function.name()),
              keys,
              checkpoint,
              options.inputRange());
    } catch (ModelException e) {
      return new VectorPart(origin, objects, function, keys, checkpoint, options)
          .of(metaGraph.getGraphDef())
          .orElseThrow(() -> e);
    }
    Map<String, String> keysByNode = graft.keysByNode();
    return OpenedModel.of(
        origin,
        function.inputSize(),
        graft.runnable(),
        graft.digest(),
        node -> Optional.ofNullable(keysByNode.get(node)).flatMap(checkpoint::ifFloats),
        new ModuleTraining(objects, library, allowed, keys, keysByNode));
  }
}
