// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.flink.annotation.Internal;

/**
 * Sees that what a command will write can be written, before it does what takes long.
 *
 * <p>Each method throws a {@link CommandFailure} that names the option and what is in the way.
 */
@Internal
public final class OutputPaths {
  private OutputPaths() {}

  /** A file that is written anew; folders above it are made. */
  public static void requireFile(String option, Path file) {
    if (Files.isDirectory(file)) {
      throw failure(option, file, "it is a folder");
    }
    if (Files.exists(file)) {
      if (!Files.isWritable(file)) {
        throw failure(option, file, "it is not allowed");
      }
      return;
    }
    requireWithin(option, file, file.toAbsolutePath().normalize().getParent());
  }

  /** A folder that is made, with those above it, where it is not there. */
  public static void requireFolder(String option, Path folder) {
    requireWithin(option, folder, folder.toAbsolutePath().normalize());
  }

  private static void requireWithin(String option, Path wanted, Path folder) {
    Path there = folder;
    while (there.getParent() != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there)) {
      throw failure(option, wanted, there + " is no folder");
    }
    if (!Files.isWritable(there)) {
      throw failure(option, wanted, "it is not allowed in " + there);
    }
  }

  /** A folder that is not there yet, or is empty, in one that is there. */
  public static void requireNewFolder(String option, Path folder) {
    requireFolder(option, folder);
    Path above = folder.toAbsolutePath().normalize().getParent();
    if (above != null && !Files.isDirectory(above)) {
      throw failure(option, folder, "there is no folder " + above);
    }
    if (Files.isDirectory(folder)) {
      try (Stream<Path> children = Files.list(folder)) {
        if (children.findAny().isPresent()) {
          throw failure(option, folder, "it has to be new or empty");
        }
      } catch (IOException e) {
        throw failure(option, folder, "it cannot be read");
      }
    }
  }

  private static CommandFailure failure(String option, Path path, String why) {
    return new CommandFailure(option + ": " + path + " cannot be written: " + why);
  }
}
