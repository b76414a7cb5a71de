// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import io.imageembedding.annotation.Internal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Names of a classifier's classes from a file: UTF-8, one label a line, in the classes' order. */
@Internal
public final class Labels {

  /** Largest file in bytes. */
  public static final int MAX_BYTES = 1 << 20;

  /** Most labels in a file. */
  public static final int MAX_LABELS = 100_000;

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private Labels() {}

  /**
   * The labels without the white space around them; blank lines at the file's end are no labels.
   *
   * @throws ModelException naming the file, if it cannot be read or is no such file
   */
  public static List<String> read(Path file) {
    List<String> labels = new ArrayList<>(text(file).lines().map(String::strip).toList());
    while (!labels.isEmpty() && labels.get(labels.size() - 1).isEmpty()) {
      labels.remove(labels.size() - 1);
    }
    if (labels.isEmpty()) {
      throw refused(file, "has no labels; needed: one label a line");
    }
    if (labels.size() > MAX_LABELS) {
      throw refused(file, "has " + labels.size() + " labels; allowed: up to " + MAX_LABELS);
    }
    int blank = labels.indexOf("");
    if (blank >= 0) {
      throw refused(file, "has no label in line " + (blank + 1) + "; needed: one label a line");
    }
    return List.copyOf(labels);
  }

  private static String text(Path file) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (IOException e) {
      throw new ModelException("labels file " + file + " cannot be read", e);
    }
    if (bytes.length > MAX_BYTES) {
      throw refused(file, "is larger than " + MAX_BYTES + " bytes");
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new ModelException("labels file " + file + " is not UTF-8", e);
    }
    return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
  }

  private static ModelException refused(Path file, String why) {
    return new ModelException("labels file " + file + " " + why);
  }
}
