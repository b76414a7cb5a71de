// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/** Kinds of archives, told apart by their first bytes. */
enum ArchiveFormat {
  TAR,
  GZIPPED_TAR,
  ZIP;

  /** As many of its first bytes as are needed. */
  static final int HEAD = 512;

  private static final int TAR_MAGIC = 257;

  /** Whether a file of this name, in any case, is an archive. */
  static boolean isNamed(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".tar.gz")
        || lower.endsWith(".tgz")
        || lower.endsWith(".tar")
        || lower.endsWith(".zip");
  }

  /** Null if the bytes begin no archive. */
  static ArchiveFormat of(byte[] head) {
    if (startsWith(head, 0, 0x1f, 0x8b)) {
      return GZIPPED_TAR;
    }
    if (startsWith(head, 0, 'P', 'K', 3, 4) || startsWith(head, 0, 'P', 'K', 5, 6)) {
      return ZIP;
    }
    if (startsWith(head, TAR_MAGIC, 'u', 's', 't', 'a', 'r')) {
      return TAR;
    }
    return null;
  }

  /** What the bytes that begin no archive look like, for a message. */
  static String described(byte[] head) {
    if (head.length == 0) {
      return "it is empty";
    }
    String text =
        new String(Arrays.copyOf(head, Math.min(head.length, 64)), StandardCharsets.ISO_8859_1);
    return text.stripLeading().startsWith("<")
        ? "it is a web page or XML"
        : "it is neither tar, gzip nor zip";
  }

  private static boolean startsWith(byte[] head, int from, int... magic) {
    if (head.length < from + magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if ((head[from + i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }
}
