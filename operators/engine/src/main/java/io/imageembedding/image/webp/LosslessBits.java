// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image.webp;

import java.io.EOFException;

/** Bits of a VP8L stream, the least significant bit of each byte first. */
final class LosslessBits {
  private final byte[] bytes;
  private final int end;
  private int at;
  private long window;
  private int available;

  LosslessBits(byte[] bytes, int from, int end) {
    this.bytes = bytes;
    this.at = from;
    this.end = end;
  }

  /** The next bits without taking them, zeros where the stream has ended; at most 32. */
  int peek(int count) {
    while (available < count && at < end) {
      window |= (bytes[at++] & 0xffL) << available;
      available += 8;
    }
    return (int) (window & (1L << count) - 1);
  }

  /**
   * @throws EOFException if there are not so many
   */
  void skip(int count) throws EOFException {
    if (available < count) {
      peek(count);
      if (available < count) {
        throw new EOFException("the VP8L stream ends early");
      }
    }
    window >>>= count;
    available -= count;
  }

  /**
   * @param count at most 32
   */
  int read(int count) throws EOFException {
    int value = peek(count);
    skip(count);
    return value;
  }

  boolean readFlag() throws EOFException {
    return read(1) != 0;
  }
}
