// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.io.ByteArrayOutputStream;

/** GIF 87a and 89a: blocks. */
final class GifFormat implements ImageFormat {
  private static final int IMAGE = 0x2C;
  private static final int EXTENSION = 0x21;
  private static final int CONTROL = 0xF9;
  private static final int PADDING = 0x00;
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
    int width = walk.screenWidth;
    int height = walk.screenHeight;
    while (walk.frames <= maxFrames && walk.nextImage()) {
      if (walk.frames == 1) {
        width = Math.max(width, walk.imageWidth);
        height = Math.max(height, walk.imageHeight);
      }
    }
    // The size is judged first: it may be what a file without frames was made for.
    return ImageHeader.reference(width, height, walk.frames, ExifOrientation.UPRIGHT);
  }

  /**
   * The first frame alone, as TensorFlow would decode every one: header, what controls the frame,
   * the frame, and the trailer. Comments, data of applications and padding between blocks, which
   * others pass over, stay out.
   */
  @Override
  public byte[] essential(byte[] encoded, ImageHeader header) throws UndecodableImageException {
    Walk walk = new Walk(new EncodedBytes(encoded).littleEndian());
    int headerEnd = (int) Math.min(walk.at, encoded.length);
    if (!walk.nextImage()) {
      return encoded;
    }
    ByteArrayOutputStream first = new ByteArrayOutputStream(encoded.length);
    first.write(encoded, 0, headerEnd);
    if (walk.controlEnd > 0) {
      first.write(encoded, walk.control, walk.controlEnd - walk.control);
    }
    first.write(encoded, walk.image, (int) walk.at - walk.image);
    if (walk.whole) {
      first.write(TRAILER);
    }
    return first.toByteArray();
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
    private int control;
    private int controlEnd;
    private int image;
    private boolean whole;
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
          case PADDING -> at++;
          case EXTENSION -> {
            int begin = (int) at;
            boolean controls = bytes.has(at + 1, 1) && bytes.u8(at + 1) == CONTROL;
            at += 2;
            if (!skipSubBlocks()) {
              return false;
            }
            if (controls) {
              control = begin;
              controlEnd = (int) at;
            }
          }
          case IMAGE -> {
            if (!bytes.has(at, 11)) {
              return false;
            }
            image = (int) at;
            imageWidth = bytes.u16(at + 5);
            imageHeight = bytes.u16(at + 7);
            at += 10 + colourTable(bytes.u8(at + 9)) + 1;
            whole = skipSubBlocks();
            frames++;
            at = Math.min(at, bytes.length());
            return whole || frames == 1;
          }
          case TRAILER -> {
            ended = true;
            return false;
          }
          default -> {
            if (frames == 0) {
              throw new UndecodableImageException(
                  Fault.CORRUPT, "the GIF has an unknown block at byte " + at);
            }
            return false;
          }
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
