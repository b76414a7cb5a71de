// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Models that lie in files of this machine as they are. */
final class LocalFiles {
  private LocalFiles() {}

  /**
   * The path that a text or a {@code file:} URI is.
   *
   * @throws ModelException if it is none
   */
  static Path path(String text) {
    try {
      return (text.startsWith("file:") ? Path.of(URI.create(text)) : Path.of(text))
          .toAbsolutePath()
          .normalize();
    } catch (IllegalArgumentException e) {
      throw new ModelException("'" + text + "' is no path: " + e.getMessage(), e);
    }
  }

  /**
   * The file, the folder, or the files of the checkpoint.
   *
   * @param required SHA-256 that they must have, null for any
   * @param digested whether theirs is wanted
   */
  static CachedModel find(Path path, String required, boolean digested) throws IOException {
    String shown = path.toString();
    List<Path> files = filesOf(path);
    if (files.isEmpty()) {
      throw ModelException.of(shown, "there is no such file or directory");
    }
    String sha256 = null;
    if (digested || required != null) {
      sha256 =
          Files.isRegularFile(path)
              ? Digests.sha256(path)
              : Digests.sha256(Files.isDirectory(path) ? path : path.getParent(), files);
      Digests.require(required, sha256, shown);
    }
    long bytes = 0;
    for (Path file : files) {
      bytes += Files.size(file);
    }
    return new CachedModel(
        shown, sha256, bytes, path, Files.getLastModifiedTime(files.get(0)).toInstant());
  }

  /** The file, those in the folder, or those with the prefix. */
  private static List<Path> filesOf(Path path) throws IOException {
    if (Files.exists(path)) {
      return Digests.filesBelow(path);
    }
    if (path.getParent() == null || !Files.isDirectory(path.getParent())) {
      return List.of();
    }
    String prefix = path.getFileName() + ".";
    try (Stream<Path> files = Files.list(path.getParent())) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    }
  }
}
