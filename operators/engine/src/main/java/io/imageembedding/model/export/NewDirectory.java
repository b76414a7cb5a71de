// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.export;

import io.imageembedding.model.ModelException;
import io.imageembedding.safety.FileTrees;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
   * @param directory not there yet, or empty; its parent must exist
   * @throws ModelException if it is in use, or cannot be written; then nothing is left behind
   */
  static void write(Path directory, Content content) {
    Path target = target(directory);
    Path temporary = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
    try {
      Files.createDirectory(temporary);
      content.writeTo(temporary);
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new ModelException(directory + " cannot be written: " + reason(e), e);
    } finally {
      delete(temporary);
    }
  }

  private static Path target(Path directory) {
    try {
      // A link to a directory stays a link.
      Path target =
          Files.exists(directory) ? directory.toRealPath() : directory.toAbsolutePath().normalize();
      if (target.getParent() == null || !isFree(target)) {
        throw new ModelException(
            directory + " exists and is not empty; needed: a new or an empty directory");
      }
      if (!Files.isDirectory(target.getParent())) {
        throw new ModelException(
            directory + " cannot be written: there is no directory " + target.getParent());
      }
      return target;
    } catch (IOException e) {
      throw new ModelException(directory + " cannot be written: " + reason(e), e);
    }
  }

  private static boolean isFree(Path target) throws IOException {
    if (!Files.isDirectory(target)) {
      return !Files.exists(target, LinkOption.NOFOLLOW_LINKS);
    }
    try (Stream<Path> files = Files.list(target)) {
      return files.findAny().isEmpty();
    }
  }

  private static String reason(IOException e) {
    String reason = e instanceof FileSystemException known ? known.getReason() : e.getMessage();
    return reason == null ? e.getClass().getSimpleName() : reason;
  }

  private static void delete(Path folder) {
    try {
      FileTrees.delete(folder);
    } catch (IOException e) {
      throw new ModelException(folder + " is left behind: " + reason(e), e);
    }
  }
}
