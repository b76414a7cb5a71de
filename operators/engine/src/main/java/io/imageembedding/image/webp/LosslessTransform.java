// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image.webp;

/** What is undone after the pixels of a VP8L image have been decoded (RFC 9649, 3.5). */
interface LosslessTransform {

  /** The pixels before the transform; may change those that are given. */
  int[] inverse(int[] pixels);

  private static int add(int a, int b) {
    int alphaAndGreen = (a & 0xff00ff00) + (b & 0xff00ff00) & 0xff00ff00;
    int redAndBlue = (a & 0x00ff00ff) + (b & 0x00ff00ff) & 0x00ff00ff;
    return alphaAndGreen | redAndBlue;
  }

  /** How many blocks of {@code 1 << bits} cover the length. */
  static int blocks(int length, int bits) {
    return length + (1 << bits) - 1 >> bits;
  }

  /** Red and blue are stored without green. */
  record SubtractGreen() implements LosslessTransform {
    @Override
    public int[] inverse(int[] pixels) {
      for (int i = 0; i < pixels.length; i++) {
        int green = pixels[i] >> 8 & 0xff;
        pixels[i] = add(pixels[i], green << 16 | green);
      }
      return pixels;
    }
  }

  /** Red and blue are stored without their share of green and red, which a small image has. */
  record Color(int width, int bits, int[] blocks) implements LosslessTransform {
    @Override
    public int[] inverse(int[] pixels) {
      int across = LosslessTransform.blocks(width, bits);
      for (int i = 0; i < pixels.length; i++) {
        int block = blocks[(i / width >> bits) * across + (i % width >> bits)];
        int pixel = pixels[i];
        byte green = (byte) (pixel >> 8);
        int red = (pixel >> 16 & 0xff) + (((byte) block * green) >> 5) & 0xff;
        int blue = (pixel & 0xff) + (((byte) (block >> 8) * green) >> 5);
        blue = blue + (((byte) (block >> 16) * (byte) red) >> 5) & 0xff;
        pixels[i] = pixel & 0xff00ff00 | red << 16 | blue;
      }
      return pixels;
    }
  }

  /** Pixels are places in a table, several in one where it is small. */
  record ColorIndexing(int width, int bits, int[] table) implements LosslessTransform {
    @Override
    public int[] inverse(int[] packed) {
      int across = LosslessTransform.blocks(width, bits);
      int height = packed.length / across;
      int perPixel = 8 >> bits;
      int[] pixels = new int[width * height];
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int green = packed[y * across + (x >> bits)] >> 8 & 0xff;
          int place = green >> (x & (1 << bits) - 1) * perPixel & (1 << perPixel) - 1;
          pixels[y * width + x] = place < table.length ? table[place] : 0;
        }
      }
      return pixels;
    }
  }

  /** Pixels are stored as what they differ by from a prediction, whose mode a small image has. */
  record Predictor(int width, int bits, int[] blocks) implements LosslessTransform {
    private static final int BLACK = 0xff000000;

    @Override
    public int[] inverse(int[] pixels) {
      int across = LosslessTransform.blocks(width, bits);
      for (int i = 0; i < pixels.length; i++) {
        int x = i % width;
        int y = i / width;
        int predicted;
        if (y == 0) {
          predicted = x == 0 ? BLACK : pixels[i - 1];
        } else if (x == 0) {
          predicted = pixels[i - width];
        } else {
          int mode = blocks[(y >> bits) * across + (x >> bits)] >> 8 & 15;
          predicted = predict(mode, pixels, i);
        }
        pixels[i] = add(pixels[i], predicted);
      }
      return pixels;
    }

    private int predict(int mode, int[] pixels, int at) {
      int left = pixels[at - 1];
      int top = pixels[at - width];
      // Of the last column it is the first pixel of the same row, which is decoded already.
      int topRight = pixels[at - width + 1];
      int topLeft = pixels[at - width - 1];
      return switch (mode) {
        case 1 -> left;
        case 2 -> top;
        case 3 -> topRight;
        case 4 -> topLeft;
        case 5 -> mean(mean(left, topRight), top);
        case 6 -> mean(left, topLeft);
        case 7 -> mean(left, top);
        case 8 -> mean(topLeft, top);
        case 9 -> mean(top, topRight);
        case 10 -> mean(mean(left, topLeft), mean(top, topRight));
        case 11 -> nearer(left, top, topLeft);
        case 12 -> gradient(left, top, topLeft);
        case 13 -> halfGradient(mean(left, top), topLeft);
        default -> BLACK;
      };
    }

    private static int mean(int a, int b) {
      return ((a ^ b) >>> 1 & 0x7f7f7f7f) + (a & b);
    }

    private static int nearer(int left, int top, int topLeft) {
      int fromLeft = 0;
      int fromTop = 0;
      for (int shift = 0; shift < 32; shift += 8) {
        int corner = topLeft >>> shift & 0xff;
        fromLeft += Math.abs((top >>> shift & 0xff) - corner);
        fromTop += Math.abs((left >>> shift & 0xff) - corner);
      }
      return fromLeft < fromTop ? left : top;
    }

    private static int gradient(int left, int top, int topLeft) {
      int result = 0;
      for (int shift = 0; shift < 32; shift += 8) {
        int value = (left >>> shift & 0xff) + (top >>> shift & 0xff) - (topLeft >>> shift & 0xff);
        result |= clamp(value) << shift;
      }
      return result;
    }

    private static int halfGradient(int mean, int topLeft) {
      int result = 0;
      for (int shift = 0; shift < 32; shift += 8) {
        int value = mean >>> shift & 0xff;
        result |= clamp(value + (value - (topLeft >>> shift & 0xff)) / 2) << shift;
      }
      return result;
    }

    private static int clamp(int value) {
      return Math.max(0, Math.min(255, value));
    }
  }
}
