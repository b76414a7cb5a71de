// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** Directories that are there with all their files, or not at all. */
final class NewDirectory {

  /** Writes the files into a directory that exists. */
  @FunctionalInterface
  interface Content {
    void writeTo(Path folder) throws IOException;
  }

  private NewDirectory() {}

  /**
   * Writes the directory beside its place and moves it there.
   *
   * @param directory not there yet, or empty
   * @throws ModelException if it is not empty, or cannot be written; then nothing is left behind
   */
  static void write(Path directory, Content content) {
    Path target = directory.toAbsolutePath().normalize();
    Path temporary =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      if (Files.exists(target) && !isEmpty(target)) {
        throw new ModelException(
            directory + " exists already; needed: a directory that is not there, or empty");
      }
      Files.createDirectories(target.getParent());
      Files.createDirectory(temporary);
      content.writeTo(temporary);
      Files.deleteIfExists(target);
      Files.move(temporary, target);
    } catch (IOException e) {
      throw new ModelException(directory + " cannot be written: " + e.getMessage(), e);
    } finally {
      deleteTree(temporary);
    }
  }

  private static boolean isEmpty(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.findAny().isEmpty();
    }
  }

  private static void deleteTree(Path root) {
    if (Files.notExists(root)) {
      return;
    }
    try (Stream<Path> files = Files.walk(root)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // It has a name of its own and is in nobody's way.
    }
  }
}
