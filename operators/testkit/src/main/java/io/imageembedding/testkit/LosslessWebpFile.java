// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A lossless WebP, which the JDK cannot write: every channel with its eight bits, without
 * transforms, caches or references (RFC 9649, section 3).
 */
final class LosslessWebpFile {
  private static final int SIGNATURE = 0x2f;

  /** Bits of a code length whose code is of one symbol only: none. */
  private static final int LENGTH_OF_ALL = 8;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private int bits;
  private int used;

  private LosslessWebpFile() {}

  static byte[] of(BufferedImage image) {
    LosslessWebpFile stream = new LosslessWebpFile();
    stream.write(SIGNATURE, 8);
    stream.write(image.getWidth() - 1, 14);
    stream.write(image.getHeight() - 1, 14);
    // No alpha; version 0; no transform, no colour cache, one group of codes.
    stream.write(0, 1 + 3 + 1 + 1 + 1);
    stream.writeGreenCode();
    stream.writeByteCode();
    stream.writeByteCode();
    stream.writeSingleCode(255);
    stream.writeSingleCode(0);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int pixel = image.getRGB(x, y);
        stream.writeSymbol(pixel >> 8 & 0xff);
        stream.writeSymbol(pixel >> 16 & 0xff);
        stream.writeSymbol(pixel & 0xff);
      }
    }
    stream.write(0, 7);
    return file(stream.bytes.toByteArray());
  }

  private static byte[] file(byte[] data) {
    int padded = data.length + (data.length & 1);
    return ByteBuffer.allocate(20 + padded)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put("RIFF".getBytes(StandardCharsets.US_ASCII))
        .putInt(12 + padded)
        .put("WEBPVP8L".getBytes(StandardCharsets.US_ASCII))
        .putInt(data.length)
        .put(data)
        .array();
  }

  /** Of 256 literals, eight bits each; the 24 lengths of references behind them are not used. */
  private void writeGreenCode() {
    writeLengthCode();
    // As many lengths as follow are said, so that those of references need none: 2 + 2 * 3 bits.
    write(1, 1);
    write(3, 3);
    write(256 - 2, 2 + 2 * 3);
  }

  /** Of 256 literals, eight bits each. */
  private void writeByteCode() {
    writeLengthCode();
    write(0, 1);
  }

  /**
   * A code whose lengths are all {@value #LENGTH_OF_ALL}: the code of these lengths has one symbol,
   * which takes no bits. Lengths of that code are sent in the order 17, 18, 0, 1, 2, 3, 4, 5, 16,
   * 6, 7, 8, so twelve of them.
   */
  private void writeLengthCode() {
    write(0, 1);
    write(12 - 4, 4);
    for (int i = 0; i < 11; i++) {
      write(0, 3);
    }
    write(1, 3);
  }

  /** A code of one symbol, which takes no bits. */
  private void writeSingleCode(int symbol) {
    write(1, 1);
    write(0, 1);
    write(1, 1);
    write(symbol, 8);
  }

  /** Codes are sent from their highest bit on. */
  private void writeSymbol(int value) {
    write(Integer.reverse(value) >>> 24, 8);
  }

  /** Bits from the lowest on. */
  private void write(int value, int count) {
    for (int i = 0; i < count; i++) {
      bits |= (value >> i & 1) << used++;
      if (used == 8) {
        bytes.write(bits);
        bits = 0;
        used = 0;
      }
    }
  }
}
