// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import io.imageembedding.safety.PrivateFiles;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Writing to the disk so that nothing half-written is ever seen under its name. */
final class Storage {
  private static final Pattern FULL =
      Pattern.compile(
          "no space left|quota exceeded|file too large|not enough space", Pattern.CASE_INSENSITIVE);

  private Storage() {}

  /** Says in one line why writing failed. */
  static ModelException failure(String shown, Path where, IOException cause) {
    if (cause instanceof ClosedByInterruptException) {
      return ModelException.of(shown, "interrupted", cause);
    }
    String message = String.valueOf(cause.getMessage());
    if (FULL.matcher(message).find() || isFull(where)) {
      return ModelException.of(shown, "the disk is full, " + where + " cannot be written", cause);
    }
    return ModelException.of(
        shown,
        where + " cannot be written (" + cause.getClass().getSimpleName() + ": " + message + ")",
        cause);
  }

  /** The words of the operating system may be in another language. */
  private static boolean isFull(Path where) {
    for (Path at = where; at != null; at = at.getParent()) {
      if (Files.exists(at)) {
        try {
          return Files.getFileStore(at).getUsableSpace() < 4096;
        } catch (IOException e) {
          return false;
        }
      }
    }
    return false;
  }

  /**
   * Gives the folder its final name.
   *
   * @return false if there is one with files in it already
   */
  static boolean publish(Path folder, Path target) throws IOException {
    try {
      Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
      return true;
    } catch (DirectoryNotEmptyException | FileAlreadyExistsException e) {
      return false;
    } catch (IOException e) {
      if (isFilled(target)) {
        return false;
      }
      throw e;
    }
  }

  /** Writes a small file that appears whole or not at all. */
  static void write(Path file, Path temporary, String text) throws IOException {
    Files.writeString(temporary, text);
    PrivateFiles.close(temporary);
    sync(temporary);
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Brings the file's bytes to the disk, so that no name outlives its content in a power cut. */
  static void sync(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  static void move(Path file, Path folder, String name, String shown) {
    try {
      sync(file);
      Files.move(file, folder.resolve(name));
    } catch (IOException e) {
      throw failure(shown, folder, e);
    } catch (InvalidPathException e) {
      throw ModelException.of(shown, "its name cannot be a file's", e);
    }
  }

  static void moveAll(Path from, Path to, String shown) {
    try (Stream<Path> children = Files.list(from)) {
      for (Path child : (Iterable<Path>) children::iterator) {
        Files.move(child, to.resolve(child.getFileName()));
      }
    } catch (IOException e) {
      throw failure(shown, to, e);
    }
  }

  static boolean isFilled(Path folder) {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isPresent();
    } catch (IOException e) {
      return false;
    }
  }

  static long size(Path path) throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      long size = 0;
      for (Path file : (Iterable<Path>) files::iterator) {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        size += attributes.isRegularFile() ? attributes.size() : 0;
      }
      return size;
    }
  }

  /** A time in the largest unit that it is a whole number of, such as {@code 30 min}. */
  static String inWords(Duration time) {
    long millis = time.toMillis();
    if (millis % 1000 != 0 || millis == 0) {
      return millis + " ms";
    }
    long seconds = millis / 1000;
    if (seconds % 60 != 0) {
      return seconds + " s";
    }
    return seconds % 3600 != 0 ? seconds / 60 + " min" : seconds / 3600 + " h";
  }
}
