// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image.webp;

import io.imageembedding.annotation.Internal;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;

/**
 * Decodes the lossless bitstream of WebP, VP8L (RFC 9649, section 3). Its time and memory are
 * bounded by the image's pixels and the stream's bytes, whatever the stream says: each transform is
 * allowed once, and prefix codes take memory by what describes them.
 */
@Internal
public final class LosslessWebp {
  private static final int SIGNATURE = 0x2f;
  private static final int LITERALS = 256;
  private static final int LENGTHS = 24;
  private static final int DISTANCES = 40;
  private static final int CODES = 5;
  private static final int CACHE_MULTIPLIER = 0x1e35a7bd;
  private static final int MAX_CACHE_BITS = 11;

  /** More prefix codes than this are read without tables, which take a kilobyte each. */
  private static final int MOST_TABLES = 5_000;

  /** Where the nearest pixels lie: to the left in the low half, negative to the right, and up. */
  private static final byte[] NEAR_X = {
    0, 1, 1, -1, 0, 2, 1, -1, 2, -2, 2, -2, 0, 3, 1, -1, 3, -3, 2, -2, 3, -3, 0, 4, 1, -1, 4, -4,
    3, -3, 2, -2, 4, -4, 0, 3, -3, 4, -4, 5, 1, -1, 5, -5, 2, -2, 5, -5, 4, -4, 3, -3, 5, -5, 0, 6,
    1, -1, 6, -6, 2, -2, 6, -6, 4, -4, 5, -5, 3, -3, 6, -6, 0, 7, 1, -1, 5, -5, 7, -7, 4, -4, 6, -6,
    2, -2, 7, -7, 3, -3, 7, -7, 5, -5, 6, -6, 8, 4, -4, 7, -7, 8, 8, 6, -6, 8, 5, -5, 7, -7, 8, 6,
    -6, 7, -7, 8, 7, -7, 8, 8
  };

  private static final byte[] NEAR_Y = {
    1, 0, 1, 1, 2, 0, 2, 2, 1, 1, 2, 2, 3, 0, 3, 3, 1, 1, 3, 3, 2, 2, 4, 0, 4, 4, 1, 1, 3, 3, 4, 4,
    2, 2, 5, 4, 4, 3, 3, 0, 5, 5, 1, 1, 5, 5, 2, 2, 4, 4, 5, 5, 3, 3, 6, 0, 6, 6, 1, 1, 6, 6, 2, 2,
    5, 5, 4, 4, 6, 6, 3, 3, 7, 0, 7, 7, 5, 5, 1, 1, 6, 6, 4, 4, 7, 7, 2, 2, 7, 7, 3, 3, 6, 6, 5, 5,
    0, 7, 7, 4, 4, 1, 2, 6, 6, 3, 7, 7, 5, 5, 4, 7, 7, 6, 6, 5, 7, 7, 6, 7
  };

  private enum Kind {
    PREDICTOR,
    COLOR,
    SUBTRACT_GREEN,
    COLOR_INDEXING
  }

  private final LosslessBits bits;
  private final int[] lengths = new int[LITERALS + LENGTHS + (1 << MAX_CACHE_BITS)];

  private LosslessWebp(LosslessBits bits) {
    this.bits = bits;
  }

  /**
   * Decodes the content of a VP8L chunk.
   *
   * @param width as the chunk itself says
   * @param height as the chunk itself says
   * @return ARGB, row by row
   * @throws java.io.EOFException if the stream ends before the image does
   * @throws IOException if the stream contradicts its format
   */
  public static int[] decode(byte[] file, int from, int end, int width, int height)
      throws IOException {
    LosslessBits bits = new LosslessBits(file, from, end);
    if (bits.read(8) != SIGNATURE) {
      throw new IOException("no VP8L signature");
    }
    if (bits.read(14) + 1 != width || bits.read(14) + 1 != height) {
      throw new IOException("the VP8L stream has another size");
    }
    bits.skip(1);
    if (bits.read(3) != 0) {
      throw new IOException("another version of VP8L");
    }
    return new LosslessWebp(bits).image(width, height);
  }

  private int[] image(int fullWidth, int height) throws IOException {
    Deque<LosslessTransform> transforms = new ArrayDeque<>();
    Set<Kind> seen = EnumSet.noneOf(Kind.class);
    int width = fullWidth;
    while (bits.readFlag()) {
      Kind kind = Kind.values()[bits.read(2)];
      if (!seen.add(kind)) {
        throw new IOException("a transform stands in the VP8L stream twice");
      }
      LosslessTransform transform = transform(kind, width, height);
      transforms.push(transform);
      if (transform instanceof LosslessTransform.ColorIndexing indexing) {
        width = LosslessTransform.blocks(width, indexing.bits());
      }
    }
    int[] pixels = pixels(width, height, true);
    for (LosslessTransform transform : transforms) {
      pixels = transform.inverse(pixels);
    }
    return pixels;
  }

  private LosslessTransform transform(Kind kind, int width, int height) throws IOException {
    switch (kind) {
      case SUBTRACT_GREEN -> {
        return new LosslessTransform.SubtractGreen();
      }
      case COLOR_INDEXING -> {
        int size = bits.read(8) + 1;
        int[] table = pixels(size, 1, false);
        for (int i = 1; i < size; i++) {
          table[i] = sum(table[i], table[i - 1]);
        }
        int packed = size <= 2 ? 3 : size <= 4 ? 2 : size <= 16 ? 1 : 0;
        return new LosslessTransform.ColorIndexing(width, packed, table);
      }
      default -> {
        int block = bits.read(3) + 2;
        int[] blocks =
            pixels(
                LosslessTransform.blocks(width, block),
                LosslessTransform.blocks(height, block),
                false);
        return kind == Kind.PREDICTOR
            ? new LosslessTransform.Predictor(width, block, blocks)
            : new LosslessTransform.Color(width, block, blocks);
      }
    }
  }

  private static int sum(int a, int b) {
    return (a & 0xff00ff00) + (b & 0xff00ff00) & 0xff00ff00
        | (a & 0x00ff00ff) + (b & 0x00ff00ff) & 0x00ff00ff;
  }

  /**
   * @param outermost whether it is the image itself, which may have several groups of codes
   */
  private int[] pixels(int width, int height, boolean outermost) throws IOException {
    int cacheBits = 0;
    if (bits.readFlag()) {
      cacheBits = bits.read(4);
      if (cacheBits < 1 || cacheBits > MAX_CACHE_BITS) {
        throw new IOException("a colour cache of 2^" + cacheBits);
      }
    }
    int groupBits = 0;
    int[] groups = null;
    int count = 1;
    if (outermost && bits.readFlag()) {
      groupBits = bits.read(3) + 2;
      groups =
          pixels(
              LosslessTransform.blocks(width, groupBits),
              LosslessTransform.blocks(height, groupBits),
              false);
      for (int i = 0; i < groups.length; i++) {
        groups[i] = groups[i] >> 8 & 0xffff;
        count = Math.max(count, groups[i] + 1);
      }
    }
    PrefixCode[] codes = codes(count, cacheBits);
    return decode(width, height, cacheBits, codes, groups, groupBits);
  }

  private PrefixCode[] codes(int groups, int cacheBits) throws IOException {
    PrefixCode[] codes = new PrefixCode[groups * CODES];
    int green = LITERALS + LENGTHS + (cacheBits == 0 ? 0 : 1 << cacheBits);
    for (int i = 0; i < codes.length; i++) {
      int alphabet = i % CODES == 0 ? green : i % CODES == CODES - 1 ? DISTANCES : LITERALS;
      codes[i] = PrefixCode.read(bits, alphabet, lengths);
      if (codes.length <= MOST_TABLES) {
        codes[i].makeTable();
      }
    }
    return codes;
  }

  private int[] decode(
      int width, int height, int cacheBits, PrefixCode[] codes, int[] groups, int groupBits)
      throws IOException {
    int[] pixels = new int[Math.multiplyExact(width, height)];
    int[] cache = cacheBits == 0 ? null : new int[1 << cacheBits];
    int across = LosslessTransform.blocks(width, groupBits);
    int cached = 0;
    int at = 0;
    while (at < pixels.length) {
      int group =
          groups == null
              ? 0
              : groups[(at / width >> groupBits) * across + (at % width >> groupBits)] * CODES;
      int green = codes[group].readSymbol(bits);
      if (green < LITERALS) {
        int red = codes[group + 1].readSymbol(bits);
        int blue = codes[group + 2].readSymbol(bits);
        int alpha = codes[group + 3].readSymbol(bits);
        pixels[at++] = alpha << 24 | red << 16 | green << 8 | blue;
      } else if (green < LITERALS + LENGTHS) {
        int length = value(green - LITERALS);
        int distance = distance(value(codes[group + 4].readSymbol(bits)), width);
        if (distance > at || length > pixels.length - at) {
          throw new IOException("a reference to pixels that are not there");
        }
        for (int end = at + length; at < end; at++) {
          pixels[at] = pixels[at - distance];
        }
      } else {
        for (; cached < at; cached++) {
          cache[CACHE_MULTIPLIER * pixels[cached] >>> 32 - cacheBits] = pixels[cached];
        }
        pixels[at++] = cache[green - LITERALS - LENGTHS];
      }
    }
    return pixels;
  }

  /** A length or distance: its prefix, and the bits behind it. */
  private int value(int prefix) throws IOException {
    if (prefix < 4) {
      return prefix + 1;
    }
    int extra = prefix - 2 >> 1;
    return (2 + (prefix & 1) << extra) + bits.read(extra) + 1;
  }

  private static int distance(int code, int width) {
    if (code > NEAR_X.length) {
      return code - NEAR_X.length;
    }
    return Math.max(1, NEAR_X[code - 1] + NEAR_Y[code - 1] * width);
  }
}
