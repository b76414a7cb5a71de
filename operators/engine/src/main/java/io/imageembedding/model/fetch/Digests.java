// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

/** SHA-256 of what a model comes as. */
final class Digests {
  private Digests() {}

  static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return DigestUtils.sha256Hex(in);
    }
  }

  /** Of many files: of the lines that {@code sha256sum} prints for them, sorted by name. */
  static String sha256(SortedMap<String, String> digestsByName) {
    StringBuilder lines = new StringBuilder();
    digestsByName.forEach(
        (name, digest) -> lines.append(digest).append("  ").append(name).append('\n'));
    return DigestUtils.sha256Hex(lines.toString());
  }

  /** Of the files, by their names below the folder. */
  static String sha256(Path folder, List<Path> files) throws IOException {
    SortedMap<String, String> digests = new TreeMap<>();
    for (Path file : files) {
      digests.put(folder.relativize(file).toString().replace('\\', '/'), sha256(file));
    }
    return sha256(digests);
  }

  /** Of all files below the folder. */
  static String ofFilesBelow(Path folder) throws IOException {
    return sha256(folder, filesBelow(folder));
  }

  static List<Path> filesBelow(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /**
   * @return the 64 digits in lower case; null for null
   * @throws ModelException if they are no SHA-256
   */
  static String parse(String sha256) {
    if (sha256 == null) {
      return null;
    }
    String digits = sha256.strip().toLowerCase(Locale.ROOT);
    if (!digits.matches("[0-9a-f]{64}")) {
      throw new ModelException("'" + sha256 + "' is no SHA-256; needed: 64 hex digits");
    }
    return digits;
  }

  /**
   * @param pinned null if any digest will do
   * @throws ModelException if it is another digest
   */
  static void require(String pinned, String found, String shown) {
    if (pinned != null && !pinned.equals(found)) {
      throw ModelException.of(shown, "its SHA-256 is " + found + "; needed: " + pinned);
    }
  }
}
