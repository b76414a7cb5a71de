// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import io.imageembedding.safety.Printable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * An empty folder that fills with files whose names and contents someone else chose: none of them
 * lands outside of it, none replaces another, and together they stay within the limits.
 */
final class BoundedFolder {
  private static final Pattern DRIVE = Pattern.compile("[a-zA-Z]:.*");
  private static final int SEGMENT_BYTES = 255;
  private static final int MOST_SHOWN = 80;
  private static final int BUFFER = 1 << 16;

  private final String shown;
  private final Path root;
  private final FetchLimits limits;
  private final long maxBytes;
  private final Map<String, Boolean> isFileByName = new HashMap<>();
  private final byte[] buffer = new byte[BUFFER];
  private int entries;
  private int files;
  private long bytes;

  /**
   * @param shown the model in messages
   * @param maxBytes that the files may have together
   */
  BoundedFolder(String shown, Path root, FetchLimits limits, long maxBytes) {
    this.shown = shown;
    this.root = root;
    this.limits = limits;
    this.maxBytes = maxBytes;
  }

  int files() {
    return files;
  }

  /** Bytes that may still come. */
  long left() {
    return maxBytes - bytes;
  }

  void addFolder(String name) {
    countEntry();
    String path = checked(name);
    if (!path.isEmpty()) {
      register(path, false, name);
      create(path);
    }
  }

  /**
   * Writes the file.
   *
   * @param in is read to its end, and not closed
   * @return its bytes
   * @throws IOException if {@code in} cannot be read
   * @throws ModelException if it is refused or cannot be written
   */
  long addFile(String name, InputStream in) throws IOException {
    countEntry();
    String path = checked(name);
    if (path.isEmpty()) {
      throw refused(name, "a file without a name");
    }
    int slash = path.lastIndexOf('/');
    if (slash > 0) {
      create(path.substring(0, slash));
    }
    register(path, true, name);
    files++;
    return write(name, root.resolve(path), in);
  }

  private long write(String name, Path file, InputStream in) throws IOException {
    long size = 0;
    OutputStream out = open(name, file);
    try {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        size += n;
        bytes += n;
        if (bytes > maxBytes) {
          throw ModelException.of(
              shown,
              "its files have more than "
                  + maxBytes
                  + " bytes, which is "
                  + (maxBytes == limits.unpackedBytes()
                      ? "the limit"
                      : "more than an archive of this size may unpack to"));
        }
        write(out, n, file);
      }
    } finally {
      close(out, file);
    }
    return size;
  }

  private OutputStream open(String name, Path file) {
    try {
      return Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      // On a file system that does not tell upper from lower case.
      throw refused(name, "a name that comes twice");
    } catch (IOException e) {
      throw Storage.failure(shown, file, e);
    }
  }

  private void write(OutputStream out, int n, Path file) {
    try {
      out.write(buffer, 0, n);
    } catch (IOException e) {
      throw Storage.failure(shown, file, e);
    }
  }

  private void close(OutputStream out, Path file) {
    try {
      out.close();
      Storage.sync(file);
    } catch (IOException e) {
      throw Storage.failure(shown, file, e);
    }
  }

  private void countEntry() {
    if (++entries > limits.entries()) {
      throw ModelException.of(shown, "more than " + limits.entries() + " entries");
    }
  }

  private void create(String path) {
    for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      register(path.substring(0, slash), false, path);
    }
    register(path, false, path);
    try {
      Files.createDirectories(root.resolve(path));
    } catch (IOException e) {
      throw Storage.failure(shown, root.resolve(path), e);
    }
  }

  private void register(String path, boolean isFile, String name) {
    Boolean before = isFileByName.putIfAbsent(path, isFile);
    if (before == null || !before && !isFile) {
      return;
    }
    throw refused(
        name, before && isFile ? "a name that comes twice" : "the name of a file and of a folder");
  }

  /** The name in its plain form, empty for the folder itself. */
  private String checked(String name) {
    if (name.length() > limits.nameLength()) {
      throw refused(name, "a name of more than " + limits.nameLength() + " characters");
    }
    if (name.indexOf('\\') >= 0 || name.chars().anyMatch(Character::isISOControl)) {
      throw refused(name, "a backslash or control character in a name");
    }
    if (name.startsWith("/") || DRIVE.matcher(name).matches()) {
      throw refused(name, "an absolute name");
    }
    List<String> segments = new ArrayList<>();
    for (String segment : name.split("/")) {
      if (segment.equals("..")) {
        throw refused(name, "a name that leads out of the folder");
      }
      if (segment.getBytes(StandardCharsets.UTF_8).length > SEGMENT_BYTES) {
        throw refused(name, "a name of more than " + SEGMENT_BYTES + " bytes");
      }
      if (!segment.isEmpty() && !segment.equals(".")) {
        segments.add(segment);
      }
    }
    if (segments.size() > limits.depth()) {
      throw refused(name, "folders deeper than " + limits.depth());
    }
    String path = String.join("/", segments);
    try {
      if (!root.resolve(path).normalize().startsWith(root)) {
        throw refused(name, "a name that leads out of the folder");
      }
    } catch (InvalidPathException e) {
      throw refused(name, "a name that cannot be a file's");
    }
    return path;
  }

  /** What is wrong with an entry. */
  ModelException refused(String name, String what) {
    String printable = Printable.line(name);
    return ModelException.of(
        shown,
        "refused for "
            + what
            + ": '"
            + (printable.length() > MOST_SHOWN
                ? printable.substring(0, MOST_SHOWN) + "…"
                : printable)
            + "'");
  }
}
