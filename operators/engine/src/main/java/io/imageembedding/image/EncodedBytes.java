// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.nio.charset.StandardCharsets;

/** Numbers in an encoded image; reading past its end is a fault of the image, never an accident. */
final class EncodedBytes {
  private final byte[] bytes;
  private final int from;
  private final int to;
  private final boolean littleEndian;

  EncodedBytes(byte[] bytes) {
    this(bytes, 0, bytes.length, false);
  }

  private EncodedBytes(byte[] bytes, int from, int to, boolean littleEndian) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.littleEndian = littleEndian;
  }

  EncodedBytes littleEndian() {
    return new EncodedBytes(bytes, from, to, true);
  }

  EncodedBytes bigEndian() {
    return new EncodedBytes(bytes, from, to, false);
  }

  /** A part of these, cut where they end. */
  EncodedBytes part(long offset, long length) throws UndecodableImageException {
    require(offset, 0);
    int begin = from + (int) offset;
    return new EncodedBytes(bytes, begin, begin + (int) Math.min(length, to - begin), littleEndian);
  }

  int length() {
    return to - from;
  }

  boolean has(long offset, long count) {
    return offset >= 0 && count >= 0 && offset <= length() - count;
  }

  private void require(long offset, int count) throws UndecodableImageException {
    if (!has(offset, count)) {
      throw new UndecodableImageException(
          Fault.TRUNCATED,
          "the file ends after " + length() + " bytes, within its own description");
    }
  }

  int u8(long offset) throws UndecodableImageException {
    require(offset, 1);
    return bytes[from + (int) offset] & 0xff;
  }

  int u16(long offset) throws UndecodableImageException {
    int first = u8(offset);
    int second = u8(offset + 1);
    return littleEndian ? second << 8 | first : first << 8 | second;
  }

  int u24(long offset) throws UndecodableImageException {
    return littleEndian ? u16(offset) | u8(offset + 2) << 16 : u8(offset) << 16 | u16(offset + 1);
  }

  long u32(long offset) throws UndecodableImageException {
    long first = u16(offset);
    long second = u16(offset + 2);
    return littleEndian ? second << 16 | first : first << 16 | second;
  }

  /** Whether these characters (ISO 8859-1) stand there. */
  boolean is(long offset, String text) {
    if (!has(offset, text.length())) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if ((bytes[from + (int) offset + i] & 0xff) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** How often the two bytes stand one behind the other. */
  int count(long offset, int first, int second) {
    int found = 0;
    for (int at = from + (int) offset; at < to - 1; at++) {
      if (bytes[at] == (byte) first && bytes[at + 1] == (byte) second) {
        found++;
      }
    }
    return found;
  }

  String text(int offset, int count) {
    int end = Math.min(length(), offset + count);
    return new String(bytes, from + offset, Math.max(0, end - offset), StandardCharsets.ISO_8859_1);
  }
}
