// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.fetch.ModelFetcher;
import io.imageembedding.model.format.FrozenGraph;
import io.imageembedding.model.format.SavedModelDirectory;
import io.imageembedding.model.format.SlimCheckpoint;
import io.imageembedding.model.optimize.OpenedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A model in files of this machine: the directory of a SavedModel, a TF-Slim checkpoint (the prefix
 * of its files, its index, or the directory that holds it), or a frozen graph.
 *
 * @param path absolute
 * @param name for people; null: by the path
 * @param archive SHA-256 of what the files were fetched or unpacked from; null: of nothing else
 */
record LocalModel(String path, String name, String archive, ModelOptions options)
    implements NamedModel {
  private static final long serialVersionUID = 1L;
  private static final String INDEX = ".index";
  private static final Map<String, String> UNREADABLE =
      Map.of(
          ".keras", "a Keras archive; write it by model.export(DIR) and name DIR",
          ".h5",
              "weights of Keras in HDF5; load them into their model, write it by model.export(DIR) and name DIR",
          ".hdf5",
              "weights of Keras in HDF5; load them into their model, write it by model.export(DIR) and name DIR",
          ".tflite", "a TensorFlow Lite model; name the SavedModel that it was converted from",
          ".onnx", "an ONNX model; name the SavedModel that it was converted from");

  @Override
  public NamedModel with(ModelOptions other) {
    return new LocalModel(path, name, archive, other);
  }

  @Override
  public String cameAs() {
    return archive == null ? ModelFetcher.digest(path) : archive;
  }

  @Override
  public OpenedModel read() {
    Path file = Path.of(path);
    if (path.endsWith("/" + SavedModelDirectory.FILE)) {
      file = file.getParent();
    }
    if (Files.isDirectory(file)) {
      if (Files.isRegularFile(file.resolve(SavedModelDirectory.FILE))) {
        return SavedModelDirectory.open(nameOr(file), file, options);
      }
      return SlimCheckpoint.open(checkpointIn(file), options.logits());
    }
    if (path.endsWith(INDEX) || Files.isRegularFile(Path.of(path + INDEX))) {
      String prefix =
          path.endsWith(INDEX) ? path.substring(0, path.length() - INDEX.length()) : path;
      return SlimCheckpoint.open(Path.of(prefix), options.logits());
    }
    if (!Files.isRegularFile(file)) {
      throw ModelException.of(path, "there is no such file or directory");
    }
    if (path.endsWith(".pb")) {
      return FrozenGraph.open(nameOr(file).replaceFirst("\\.pb$", ""), file, options);
    }
    throw ModelException.of(
        path,
        UNREADABLE.entrySet().stream()
            .filter(kind -> path.endsWith(kind.getKey()))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElse(
                "a file of no known kind; needed: a frozen graph (.pb), a checkpoint (.index),"
                    + " or the directory of a SavedModel"));
  }

  private String nameOr(Path file) {
    return name != null ? name : String.valueOf(file.getFileName());
  }

  private Path checkpointIn(Path directory) {
    List<String> found;
    try (Stream<Path> files = Files.list(directory)) {
      found = files.map(Path::toString).filter(name -> name.endsWith(INDEX)).sorted().toList();
    } catch (IOException e) {
      throw ModelException.of(path, "the directory cannot be read", e);
    }
    if (found.size() == 1) {
      return Path.of(found.get(0).substring(0, found.get(0).length() - INDEX.length()));
    }
    throw ModelException.of(
        path,
        found.isEmpty()
            ? "no saved_model.pb in it, and no checkpoint"
            : "several checkpoints in it; name one: " + String.join(", ", found));
  }

  @Override
  public String toString() {
    return path;
  }
}
