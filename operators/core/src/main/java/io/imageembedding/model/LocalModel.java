// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model in files of this machine: the directory of a SavedModel, a TF-Slim checkpoint (the prefix
 * of its files, its index, or the directory that holds it), or a frozen graph.
 *
 * @param path absolute
 */
record LocalModel(String path, ModelOptions options) implements Door {
  private static final long serialVersionUID = 1L;
  private static final String INDEX = ".index";

  @Override
  public OpenedModel open() {
    Path file = Path.of(path);
    if (Files.isDirectory(file)) {
      if (Files.isRegularFile(file.resolve(SavedModelDirectory.FILE))) {
        return SavedModelDirectory.open(file, options);
      }
      return SlimCheckpoint.open(checkpointIn(file), options.logits());
    }
    if (path.endsWith(INDEX) || Files.isRegularFile(Path.of(path + INDEX))) {
      String prefix = path.endsWith(INDEX) ? path.substring(0, path.length() - 6) : path;
      return SlimCheckpoint.open(Path.of(prefix), options.logits());
    }
    if (!Files.isRegularFile(file)) {
      throw new ModelException("model " + path + ": there is no such file or directory");
    }
    if (path.endsWith(".pb")) {
      return FrozenGraph.open(file, options);
    }
    throw new ModelException(
        "model "
            + path
            + ": a file of no known kind; needed: a frozen graph (.pb), a checkpoint (.index), or the"
            + " directory of a SavedModel");
  }

  private Path checkpointIn(Path directory) {
    List<String> found;
    try (Stream<Path> files = Files.list(directory)) {
      found = files.map(Path::toString).filter(name -> name.endsWith(INDEX)).sorted().toList();
    } catch (IOException e) {
      throw new ModelException("model " + path + ": the directory cannot be read", e);
    }
    if (found.size() == 1) {
      return Path.of(found.get(0).substring(0, found.get(0).length() - INDEX.length()));
    }
    throw new ModelException(
        "model "
            + path
            + (found.isEmpty()
                ? ": no saved_model.pb in it, and no checkpoint"
                : ": several checkpoints in it; name one: " + String.join(", ", found)));
  }

  @Override
  public String toString() {
    return path;
  }
}
