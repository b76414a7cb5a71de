// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Finds the model in a folder that an archive was unpacked into. */
final class ModelFolder {
  private static final String INDEX = ".index";
  private static final int DEPTH = 4;

  private ModelFolder() {}

  /**
   * The folder that holds {@code saved_model.pb}, the prefix of the only checkpoint's files, or the
   * only {@code .pb} file: in the folder, or where it holds one folder, in that. If there is none
   * of them, the folder.
   */
  static Path resolve(Path folder) throws IOException {
    Path found = find(folder, DEPTH);
    return found == null ? folder : found;
  }

  private static Path find(Path folder, int depth) throws IOException {
    List<Path> visible;
    try (Stream<Path> children = Files.list(folder)) {
      visible = children.filter(ModelFolder::isVisible).sorted().toList();
    }
    if (visible.stream().anyMatch(file -> file.endsWith("saved_model.pb"))) {
      return folder;
    }
    List<Path> indexes = visible.stream().filter(file -> endsWith(file, INDEX)).toList();
    if (indexes.size() == 1) {
      String index = indexes.get(0).toString();
      return Path.of(index.substring(0, index.length() - INDEX.length()));
    }
    if (!indexes.isEmpty()) {
      return folder;
    }
    List<Path> folders = visible.stream().filter(Files::isDirectory).toList();
    if (folders.size() == 1 && depth > 0) {
      Path found = find(folders.get(0), depth - 1);
      if (found != null) {
        return found;
      }
    }
    List<Path> graphs = visible.stream().filter(file -> endsWith(file, ".pb")).toList();
    return graphs.size() == 1 ? graphs.get(0) : null;
  }

  private static boolean endsWith(Path file, String end) {
    return file.toString().endsWith(end) && Files.isRegularFile(file);
  }

  /** Not what macOS puts beside the files into its archives. */
  private static boolean isVisible(Path file) {
    String name = file.getFileName().toString();
    return !name.startsWith(".") && !name.equals("__MACOSX");
  }
}
