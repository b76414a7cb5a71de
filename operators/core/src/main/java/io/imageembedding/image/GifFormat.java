// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.ImageHeader.Decoder;
import io.imageembedding.image.UndecodableImageException.Fault;

/** GIF 87a and 89a: blocks. */
final class GifFormat implements ImageFormat {
  private static final int IMAGE = 0x2C;
  private static final int EXTENSION = 0x21;
  private static final int TRAILER = 0x3B;

  @Override
  public String name() {
    return "gif";
  }

  @Override
  public boolean matches(EncodedBytes bytes) {
    return bytes.is(0, "GIF87a") || bytes.is(0, "GIF89a");
  }

  @Override
  public ImageHeader header(EncodedBytes bytes, int maxFrames) throws UndecodableImageException {
    Walk walk = new Walk(bytes.littleEndian());
    int firstFrameEnd = 0;
    int width = walk.screenWidth;
    int height = walk.screenHeight;
    while (walk.frames <= maxFrames && walk.nextImage()) {
      if (walk.frames == 1) {
        firstFrameEnd = (int) walk.at;
        width = Math.max(width, walk.imageWidth);
        height = Math.max(height, walk.imageHeight);
      }
    }
    if (walk.frames == 0) {
      // The size is judged first: it may be what the file was made for.
      return new ImageHeader(width, height, 0, 1, Decoder.TENSORFLOW, 0);
    }
    return new ImageHeader(width, height, walk.frames, 1, Decoder.TENSORFLOW, firstFrameEnd);
  }

  @Override
  public boolean isComplete(EncodedBytes bytes) throws UndecodableImageException {
    Walk walk = new Walk(bytes.littleEndian());
    while (walk.nextImage()) {
      // On to the last one.
    }
    return walk.ended;
  }

  /** Goes from image to image. */
  private static final class Walk {
    private final EncodedBytes bytes;
    private final int screenWidth;
    private final int screenHeight;
    private long at;
    private int frames;
    private int imageWidth;
    private int imageHeight;
    private boolean ended;

    Walk(EncodedBytes bytes) throws UndecodableImageException {
      this.bytes = bytes;
      screenWidth = bytes.u16(6);
      screenHeight = bytes.u16(8);
      at = 13 + colourTable(bytes.u8(10));
    }

    private static int colourTable(int flags) {
      return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
    }

    /** Whether there was another image; the position is behind it. */
    boolean nextImage() throws UndecodableImageException {
      while (bytes.has(at, 1)) {
        switch (bytes.u8(at)) {
          case EXTENSION -> {
            at += 2;
            if (!skipSubBlocks()) {
              return false;
            }
          }
          case IMAGE -> {
            if (!bytes.has(at, 11)) {
              return false;
            }
            imageWidth = bytes.u16(at + 5);
            imageHeight = bytes.u16(at + 7);
            at += 10 + colourTable(bytes.u8(at + 9)) + 1;
            boolean whole = skipSubBlocks();
            frames++;
            at = Math.min(at, bytes.length());
            return whole || frames == 1;
          }
          case TRAILER -> {
            ended = true;
            return false;
          }
          default ->
              throw new UndecodableImageException(
                  Fault.CORRUPT, "the GIF has an unknown block at byte " + at);
        }
      }
      return false;
    }

    private boolean skipSubBlocks() throws UndecodableImageException {
      while (bytes.has(at, 1)) {
        int length = bytes.u8(at);
        at += 1 + length;
        if (length == 0) {
          return true;
        }
      }
      return false;
    }
  }
}
