// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;

/**
 * A SavedModel 2.0 in a directory, with or without a signature. Of its graph nothing is run; the
 * function that turns images into vectors is taken out of it, checked, and put into a graph of our
 * own with the variables that it uses.
 *
 * @param path absolute
 */
record SavedModelDirectory(String path) implements ModelSource {
  private static final long serialVersionUID = 1L;
  private static final long MAX_BYTES = 512L << 20;

  @Override
  public FeatureVectorModel load() {
    Path directory = Path.of(path);
    String name = String.valueOf(directory.getFileName());
    MetaGraphDef metaGraph = metaGraph(directory);
    ObjectGraph objects = new ObjectGraph(name, metaGraph.getObjectGraphDef());
    ImageFunction function = new ImageFunctionChooser(name, objects).choose();
    FunctionClosure functions =
        FunctionClosure.of(name, metaGraph.getGraphDef().getLibrary(), function.name());
    String checkpoint = directory.resolve("variables").resolve("variables").toString();
    if (!Files.isRegularFile(Path.of(checkpoint + ".index"))) {
      throw new ModelException(
          "model " + path + ": variables/variables.index is missing; the SavedModel is damaged");
    }
    CheckpointKeys keys = CheckpointKeys.read(name, checkpoint, objects);
    GraftedGraph graft =
        GraftedGraph.build(name, metaGraph.getGraphDef(), objects, function, functions, keys);
    return GraphModel.load(
        name,
        function.inputSize(),
        graft.definition(),
        GraftedGraph.INPUT,
        graft.output(),
        session -> graft.restore(session, checkpoint));
  }

  private MetaGraphDef metaGraph(Path directory) {
    Path file = directory.resolve("saved_model.pb");
    if (!Files.isDirectory(directory)) {
      throw new ModelException("model " + path + ": there is no such directory");
    }
    if (!Files.isRegularFile(file)) {
      throw new ModelException(
          "model " + path + ": no saved_model.pb in it; needed: a SavedModel 2.0 directory");
    }
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new ModelException(
            "model " + path + ": saved_model.pb is larger than " + MAX_BYTES + " bytes");
      }
      SavedModel savedModel = SavedModel.parseFrom(Files.readAllBytes(file));
      for (MetaGraphDef metaGraph : savedModel.getMetaGraphsList()) {
        if (metaGraph.hasObjectGraphDef() && metaGraph.getObjectGraphDef().getNodesCount() > 0) {
          return metaGraph;
        }
      }
      throw new ModelException(
          "model "
              + path
              + ": it has no object graph; needed: a SavedModel of TensorFlow 2 (TF1 Hub modules"
              + " and frozen graphs are not read)");
    } catch (InvalidProtocolBufferException e) {
      throw new ModelException("model " + path + ": saved_model.pb is damaged", e);
    } catch (IOException e) {
      throw new ModelException("model " + path + ": saved_model.pb cannot be read", e);
    }
  }

  @Override
  public String toString() {
    return path;
  }
}
