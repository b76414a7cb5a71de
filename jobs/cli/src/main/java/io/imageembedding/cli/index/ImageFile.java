// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.index;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.image.DecodeLimits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.apache.flink.annotation.Internal;

/**
 * A file with the id that it is published under: its path below the folder that was named, with
 * slashes, or its name if the file itself was named.
 */
@Internal
public record ImageFile(String id, Path file) {

  /**
   * Every file that is not hidden, folders with all that is below them, in order of the paths. A
   * file that is named twice is there once.
   *
   * @param refused takes what can have no id of its own, with the reason: a file whose name is no
   *     text in the encoding of this process, one whose id another file has already, and a link
   *     that leads out of its folder
   */
  public static List<ImageFile> below(List<Path> paths, BiConsumer<String, String> refused)
      throws IOException {
    Map<String, Path> byId = new HashMap<>();
    List<ImageFile> files = new ArrayList<>();
    for (ImageFile found : find(paths, refused)) {
      if (!isText(found.file())) {
        refused.accept(
            found.file() + " (" + found.file().toUri() + ")",
            "its name is no text in the encoding of file names, "
                + System.getProperty("sun.jnu.encoding"));
        continue;
      }
      Path other = byId.putIfAbsent(found.id(), found.file());
      if (other == null) {
        files.add(found);
      } else if (!Files.isSameFile(other, found.file())) {
        refused.accept(
            found.file().toString(), "its id would be " + found.id() + ", as that of " + other);
      }
    }
    return files;
  }

  private static List<ImageFile> find(List<Path> paths, BiConsumer<String, String> refused)
      throws IOException {
    List<ImageFile> files = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        // A link to a folder is walked through only where it is not the link that is named.
        Path folder = Files.isSymbolicLink(path) ? path.toRealPath() : path;
        Path root = folder.toRealPath();
        for (Path file : notHidden(folder)) {
          if (leadsOut(root, file)) {
            refused.accept(file.toString(), "it is a link to what is not below " + path);
          } else {
            files.add(new ImageFile(id(folder, file), file));
          }
        }
      } else if (Files.isRegularFile(path)) {
        files.add(new ImageFile(path.getFileName().toString(), path));
      } else {
        throw new CommandFailure("there is no file or folder " + path);
      }
    }
    return files;
  }

  private static List<Path> notHidden(Path folder) throws IOException {
    try (Stream<Path> below = Files.walk(folder)) {
      return below
          .filter(Files::isRegularFile)
          .filter(file -> !isHidden(folder.relativize(file)))
          .sorted()
          .toList();
    }
  }

  /** Whether a link below the folder leads out of it, or to what is hidden in it. */
  private static boolean leadsOut(Path root, Path file) throws IOException {
    if (!Files.isSymbolicLink(file)) {
      return false;
    }
    Path real = file.toRealPath();
    return !real.startsWith(root) || isHidden(root.relativize(real));
  }

  /** Whether the text of the path leads to the file again. */
  private static boolean isText(Path file) {
    try {
      return Path.of(file.toString()).equals(file);
    } catch (InvalidPathException e) {
      return false;
    }
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
  public static byte[] read(Path file, DecodeLimits limits) throws ElementRefusedException {
    try (InputStream in = Files.newInputStream(file)) {
      // One byte more than is allowed is enough to be refused as any image is.
      return in.readNBytes((int) limits.maxBytes() + 1);
    } catch (IOException e) {
      throw new ElementRefusedException("UNREADABLE_FILE", "the file cannot be read");
    }
  }
}
