// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.ImageHeader.Decoder;
import io.imageembedding.image.UndecodableImageException.Fault;

/** PNG and animated PNG, W3C's specification: chunks. */
final class PngFormat implements ImageFormat {
  private static final int FIRST_CHUNK = 8;

  @Override
  public String name() {
    return "png";
  }

  @Override
  public boolean matches(EncodedBytes bytes) {
    return bytes.is(0, "\u0089PNG");
  }

  @Override
  public ImageHeader header(EncodedBytes bytes, int maxFrames) throws UndecodableImageException {
    bytes.u32(20);
    if (!bytes.is(4, "\r\n\u001a\n") || !bytes.is(12, "IHDR")) {
      throw new UndecodableImageException(Fault.CORRUPT, "the PNG does not begin with its header");
    }
    int width = saturated(bytes.u32(16));
    int height = saturated(bytes.u32(20));
    int frames = 1;
    int orientation = ExifOrientation.UPRIGHT;
    for (long at = FIRST_CHUNK; bytes.has(at, 12); at += 12 + bytes.u32(at)) {
      if (bytes.is(at + 4, "acTL")) {
        frames = saturated(bytes.u32(at + 8));
      } else if (bytes.is(at + 4, "eXIf")) {
        orientation = ExifOrientation.of(bytes.part(at + 8, bytes.u32(at)));
      }
    }
    return ImageHeader.of(width, height, frames, orientation, Decoder.TENSORFLOW);
  }

  private static int saturated(long value) {
    return (int) Math.min(value, Integer.MAX_VALUE);
  }

  @Override
  public boolean isComplete(EncodedBytes bytes) throws UndecodableImageException {
    for (long at = FIRST_CHUNK; bytes.has(at, 8); at += 12 + bytes.u32(at)) {
      // What has no name of a chunk is not the beginning of one that was cut off.
      if (!isName(bytes, at + 4) || bytes.is(at + 4, "IEND")) {
        return true;
      }
    }
    return false;
  }

  private static boolean isName(EncodedBytes bytes, long at) throws UndecodableImageException {
    for (int i = 0; i < 4; i++) {
      int letter = bytes.u8(at + i) | 0x20;
      if (letter < 'a' || letter > 'z') {
        return false;
      }
    }
    return true;
  }
}
