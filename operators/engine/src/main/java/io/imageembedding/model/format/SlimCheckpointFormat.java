// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelOutput;
import io.imageembedding.model.optimize.OpenedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A TF-Slim checkpoint: the prefix of its files, its index, or the directory that holds it. */
@Internal
public final class SlimCheckpointFormat implements ModelFormat {
  private static final String INDEX = ".index";

  @Override
  public String words() {
    return "a TF-Slim checkpoint of MobileNetV2 (prefix, .index or directory)";
  }

  @Override
  public boolean isAt(Path path) {
    return path.toString().endsWith(INDEX)
        || Files.isRegularFile(Path.of(path + INDEX))
        || Files.isDirectory(path) && !indexes(path).isEmpty();
  }

  @Override
  public OpenedModel open(String name, Path path, ModelOptions options) {
    List<String> found = Files.isDirectory(path) ? indexes(path) : List.of();
    if (found.size() > 1) {
      throw ModelException.of(
          path.toString(), "several checkpoints in it; name one: " + String.join(", ", found));
    }
    String index = found.isEmpty() ? path.toString() : found.get(0);
    String prefix =
        index.endsWith(INDEX) ? index.substring(0, index.length() - INDEX.length()) : index;
    return SlimCheckpoint.open(Path.of(prefix), options.modelOutput() == ModelOutput.LOGITS);
  }

  private static List<String> indexes(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(Path::toString).filter(name -> name.endsWith(INDEX)).sorted().toList();
    } catch (IOException e) {
      throw ModelException.of(directory.toString(), "the directory cannot be read", e);
    }
  }
}
