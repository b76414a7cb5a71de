// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.image.DecodeLimits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A file with the id that it is published under: its path below the folder that was named, with
 * slashes, or its name if the file itself was named.
 */
record ImageFile(String id, Path file) {

  /** Every file that is not hidden, folders with all that is below them, in order of the paths. */
  static List<ImageFile> below(List<Path> paths) throws IOException {
    List<ImageFile> files = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        try (Stream<Path> below = Files.walk(path)) {
          below
              .filter(Files::isRegularFile)
              .filter(file -> !isHidden(path.relativize(file)))
              .sorted()
              .forEach(file -> files.add(new ImageFile(id(path, file), file)));
        }
      } else if (Files.isRegularFile(path)) {
        files.add(new ImageFile(path.getFileName().toString(), path));
      } else {
        throw new CommandFailure("there is no file or folder " + path);
      }
    }
    return files;
  }

  private static boolean isHidden(Path relative) {
    for (Path part : relative) {
      if (part.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }

  private static String id(Path folder, Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }

  /** The bytes of an image file, as many as an image may have at most and one more. */
  static byte[] read(Path file) throws ElementRefusedException {
    try (InputStream in = Files.newInputStream(file)) {
      // One byte more than is allowed is enough to be refused as any image is.
      return in.readNBytes((int) DecodeLimits.DEFAULT.maxBytes() + 1);
    } catch (IOException e) {
      throw new ElementRefusedException("UNREADABLE_FILE", "the file cannot be read");
    }
  }
}
