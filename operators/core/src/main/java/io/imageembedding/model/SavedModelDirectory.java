// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;

/**
 * A SavedModel in a directory. Of its graph nothing is run; what turns images into vectors is taken
 * out of it, checked, and put into a graph of our own with the variables that it uses: a function
 * of its objects where there are any (TensorFlow 2), else nodes of its graph (TensorFlow 1).
 */
final class SavedModelDirectory {
  static final String FILE = "saved_model.pb";

  private SavedModelDirectory() {}

  static OpenedModel open(Path directory, ModelOptions options) {
    String name = String.valueOf(directory.getFileName());
    SavedModel savedModel;
    try {
      savedModel = SavedModel.parseFrom(ModelFile.bytes(name, directory.resolve(FILE)));
    } catch (InvalidProtocolBufferException e) {
      throw new ModelException("model " + name + ": " + FILE + " is damaged", e);
    }
    Path prefix = directory.resolve("variables").resolve("variables");
    Optional<MetaGraphDef> withObjects =
        savedModel.getMetaGraphsList().stream()
            .filter(metaGraph -> metaGraph.getObjectGraphDef().getNodesCount() > 0)
            .findFirst();
    if (withObjects.isPresent()) {
      return graft(name, withObjects.get(), options, prefix);
    }
    boolean frozen = Files.notExists(prefix.getParent());
    Checkpoint checkpoint = frozen ? null : Checkpoint.open(name, prefix);
    return SignatureModel.open(name, tf1Form(directory), savedModel, options, checkpoint);
  }

  private static String tf1Form(Path directory) {
    return Files.exists(directory.resolve("tfhub_module.pb"))
        ? "TF1 Hub module"
        : "SavedModel of TensorFlow 1";
  }

  private static OpenedModel graft(
      String name, MetaGraphDef metaGraph, ModelOptions options, Path prefix) {
    ObjectGraph objects = new ObjectGraph(name, metaGraph.getObjectGraphDef());
    FunctionDefLibrary library = metaGraph.getGraphDef().getLibrary();
    ImageFunction function = new ImageFunctionChooser(name, objects, options).choose();
    FunctionClosure functions = FunctionClosure.of(name, library, function.name());
    Checkpoint checkpoint = Checkpoint.open(name, prefix);
    CheckpointKeys keys = CheckpointKeys.read(name, checkpoint, objects);
    GraftedGraph graft =
        GraftedGraph.build(
            name, metaGraph.getGraphDef(), objects, function, functions, keys, checkpoint);
    Map<String, String> keysByNode = graft.keysByNode();
    return OpenedModel.of(
        name,
        "SavedModel of TensorFlow 2",
        function.inputSize(),
        graft.runnable(),
        graft.digest(),
        node -> Optional.ofNullable(keysByNode.get(node)).flatMap(checkpoint::ifFloats),
        new ModuleTraining(objects, library, keys, keysByNode));
  }
}
