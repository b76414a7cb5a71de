// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.ImageHeader.Decoder;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** WebP, RFC 9649: a RIFF container of chunks. */
final class WebpFormat implements ImageFormat {
  private static final int FIRST_CHUNK = 12;
  private static final int FRAME_HEADER = 16;

  @Override
  public String name() {
    return "webp";
  }

  @Override
  public boolean matches(EncodedBytes bytes) {
    return bytes.is(0, "RIFF") && bytes.is(8, "WEBP");
  }

  @Override
  public ImageHeader header(EncodedBytes encoded, int maxFrames) throws UndecodableImageException {
    EncodedBytes bytes = encoded.littleEndian();
    int width = 0;
    int height = 0;
    int frames = 0;
    int orientation = ExifOrientation.UPRIGHT;
    for (long at = FIRST_CHUNK; bytes.has(at, 8); at = next(bytes, at)) {
      long data = at + 8;
      if (bytes.is(at, "VP8X")) {
        width = Math.max(width, bytes.u24(data + 4) + 1);
        height = Math.max(height, bytes.u24(data + 7) + 1);
      } else if (bytes.is(at, "VP8 ")) {
        width = Math.max(width, bytes.u16(data + 6) & 0x3fff);
        height = Math.max(height, bytes.u16(data + 8) & 0x3fff);
      } else if (bytes.is(at, "VP8L")) {
        long bits = bytes.u32(data + 1);
        width = Math.max(width, (int) (bits & 0x3fff) + 1);
        height = Math.max(height, (int) (bits >> 14 & 0x3fff) + 1);
      } else if (bytes.is(at, "ANMF")) {
        frames++;
        width = Math.max(width, bytes.u24(data + 6) + 1);
        height = Math.max(height, bytes.u24(data + 9) + 1);
      } else if (bytes.is(at, "EXIF")) {
        int skip = bytes.is(data, "Exif\0\0") ? 6 : 0;
        orientation = ExifOrientation.of(bytes.part(data + skip, bytes.u32(at + 4)));
      }
    }
    if (width == 0) {
      throw new UndecodableImageException(
          isComplete(encoded) ? Fault.CORRUPT : Fault.TRUNCATED, "the WebP has no image chunk");
    }
    return ImageHeader.of(width, height, Math.max(1, frames), orientation, Decoder.WEBP);
  }

  /**
   * The first frame as a file of its own, if it is a lossy one with alpha: alpha is dropped anyway,
   * and the reader fails on some that other decoders take.
   */
  static byte[] withoutAlpha(byte[] encoded) throws UndecodableImageException {
    EncodedBytes bytes = new EncodedBytes(encoded).littleEndian();
    boolean alpha = false;
    long at = FIRST_CHUNK;
    while (bytes.has(at, 8)) {
      if (bytes.is(at, "ANMF")) {
        at += 8 + FRAME_HEADER;
        continue;
      }
      if (bytes.is(at, "VP8L") || bytes.is(at, "VP8 ") && !alpha) {
        return encoded;
      }
      if (bytes.is(at, "VP8 ")) {
        int length = (int) Math.min(8 + bytes.u32(at + 4), bytes.length() - at);
        ByteBuffer file = ByteBuffer.allocate(FIRST_CHUNK + length + (length & 1));
        file.order(ByteOrder.LITTLE_ENDIAN);
        file.put(encoded, 0, 4).putInt(file.capacity() - 8).put(encoded, 8, 4);
        return file.put(encoded, (int) at, length).array();
      }
      alpha |= bytes.is(at, "ALPH");
      at = next(bytes, at);
    }
    return encoded;
  }

  private static long next(EncodedBytes bytes, long at) throws UndecodableImageException {
    long length = bytes.u32(at + 4);
    return at + 8 + length + (length & 1);
  }

  @Override
  public boolean isComplete(EncodedBytes encoded) throws UndecodableImageException {
    EncodedBytes bytes = encoded.littleEndian();
    return bytes.has(0, 8 + bytes.u32(4));
  }
}
