// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image.webp;

import java.io.IOException;

/**
 * A canonical prefix code of VP8L (RFC 9649, 3.7.2). It keeps one short for each symbol that it
 * has, so that thousands of codes take no more memory than a few times the bytes that describe
 * them; one that is read often gets a table for its short codes, too.
 */
final class PrefixCode {
  private static final int MAX_LENGTH = 15;
  private static final int TABLE_BITS = 8;
  private static final int[] ORDER = {
    17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  };
  private static final int FIRST_REPEATED = 8;

  private final short[] symbols;
  private final short[] counts;
  private int[] table;

  private PrefixCode(short[] symbols, short[] counts) {
    this.symbols = symbols;
    this.counts = counts;
  }

  /**
   * @param lengths of the symbols' codes, 0 for those that have none
   * @param size how many symbols there are
   * @throws IOException if these are no lengths of a complete code
   */
  private static PrefixCode of(int[] lengths, int size) throws IOException {
    short[] counts = new short[MAX_LENGTH + 1];
    int used = 0;
    for (int i = 0; i < size; i++) {
      if (lengths[i] > 0) {
        counts[lengths[i]]++;
        used++;
      }
    }
    int[] next = new int[MAX_LENGTH + 2];
    int free = 1;
    for (int length = 1; length <= MAX_LENGTH; length++) {
      free = (free << 1) - counts[length];
      if (free < 0) {
        throw new IOException("a prefix code has too many symbols");
      }
      next[length + 1] = next[length] + counts[length];
    }
    if (used == 0 || used > 1 && free != 0) {
      throw new IOException("a prefix code is not complete");
    }
    short[] symbols = new short[used];
    for (int i = 0; i < size; i++) {
      if (lengths[i] > 0) {
        symbols[next[lengths[i]]++] = (short) i;
      }
    }
    return new PrefixCode(symbols, counts);
  }

  static PrefixCode read(LosslessBits bits, int alphabet, int[] lengths) throws IOException {
    return bits.readFlag() ? readSimple(bits, alphabet) : readNormal(bits, alphabet, lengths);
  }

  private static PrefixCode readSimple(LosslessBits bits, int alphabet) throws IOException {
    boolean two = bits.readFlag();
    int first = bits.read(bits.readFlag() ? 8 : 1);
    int second = two ? bits.read(8) : first;
    if (first >= alphabet || second >= alphabet) {
      throw new IOException("a prefix code has a symbol that is not in its alphabet");
    }
    short[] counts = new short[MAX_LENGTH + 1];
    if (first == second) {
      counts[1] = 1;
      return new PrefixCode(new short[] {(short) first}, counts);
    }
    counts[1] = 2;
    return new PrefixCode(
        new short[] {(short) Math.min(first, second), (short) Math.max(first, second)}, counts);
  }

  private static PrefixCode readNormal(LosslessBits bits, int alphabet, int[] lengths)
      throws IOException {
    int[] lengthLengths = new int[ORDER.length];
    int count = 4 + bits.read(4);
    for (int i = 0; i < count; i++) {
      lengthLengths[ORDER[i]] = bits.read(3);
    }
    PrefixCode code = of(lengthLengths, lengthLengths.length);
    int most = alphabet;
    if (bits.readFlag()) {
      most = 2 + bits.read(2 + 2 * bits.read(3));
      if (most > alphabet) {
        throw new IOException("a prefix code has more lengths than symbols");
      }
    }
    int previous = FIRST_REPEATED;
    int at = 0;
    for (int read = 0; read < most && at < alphabet; read++) {
      int length = code.readSymbol(bits);
      int repeat = 1;
      if (length == 16) {
        repeat = 3 + bits.read(2);
        length = previous;
      } else if (length == 17) {
        repeat = 3 + bits.read(3);
        length = 0;
      } else if (length == 18) {
        repeat = 11 + bits.read(7);
        length = 0;
      } else if (length != 0) {
        previous = length;
      }
      if (at + repeat > alphabet) {
        throw new IOException("a prefix code has more lengths than symbols");
      }
      for (int i = 0; i < repeat; i++) {
        lengths[at++] = length;
      }
    }
    return of(lengths, at);
  }

  /** Makes short codes quick to read. */
  void makeTable() {
    if (symbols.length == 1) {
      return;
    }
    table = new int[1 << TABLE_BITS];
    int code = 0;
    int at = 0;
    for (int length = 1; length <= TABLE_BITS; length++) {
      for (int i = 0; i < counts[length]; i++, code++, at++) {
        int entry = (symbols[at] & 0xffff) << 4 | length;
        int reversed = Integer.reverse(code) >>> 32 - length;
        for (int place = reversed; place < table.length; place += 1 << length) {
          table[place] = entry;
        }
      }
      code <<= 1;
    }
  }

  int readSymbol(LosslessBits bits) throws IOException {
    if (symbols.length == 1) {
      return symbols[0] & 0xffff;
    }
    int ahead = bits.peek(MAX_LENGTH);
    if (table != null) {
      int entry = table[ahead & table.length - 1];
      if (entry != 0) {
        bits.skip(entry & 15);
        return entry >>> 4;
      }
    }
    int code = 0;
    int first = 0;
    int at = 0;
    for (int length = 1; length <= MAX_LENGTH; length++) {
      code = code << 1 | ahead & 1;
      ahead >>>= 1;
      int place = code - first;
      if (place < counts[length]) {
        bits.skip(length);
        return symbols[at + place] & 0xffff;
      }
      at += counts[length];
      first = first + counts[length] << 1;
    }
    throw new IOException("bits that are no code of a prefix code");
  }
}
