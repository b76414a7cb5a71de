// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.io.ByteArrayOutputStream;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** PNG and animated PNG, W3C's specification: chunks. */
final class PngFormat implements ImageFormat {
  private static final int FIRST_CHUNK = 8;
  private static final int OVERHEAD = 12;
  private static final int CHUNK_HEAD = 8;
  private static final int LOWER_CASE = 0x20;

  /** Most bytes that deflate makes of one. */
  private static final int MOST_INFLATION = 1032;

  /** Compressed bytes behind the last pixel that are let through. */
  private static final int MOST_SURPLUS = 64 << 10;

  /** So many compressed bytes are inflated within seconds, whatever is in them. */
  private static final int QUICK = 4 << 20;

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
    if (bytes.is(12, "CgBI")) {
      throw new UndecodableImageException(
          Fault.UNSUPPORTED_FORMAT,
          "CgBI PNG, as Apple's tools make it for the iPhone, is not decoded; a plain PNG is");
    }
    if (!bytes.is(4, "\r\n\u001a\n") || !bytes.is(12, "IHDR")) {
      throw new UndecodableImageException(Fault.CORRUPT, "the PNG does not begin with its header");
    }
    int width = saturated(bytes.u32(16));
    int height = saturated(bytes.u32(20));
    int frames = 1;
    int orientation = ExifOrientation.UPRIGHT;
    for (long at = FIRST_CHUNK; bytes.has(at, OVERHEAD); at = next(bytes, at)) {
      if (bytes.is(at + 4, "acTL")) {
        frames = saturated(bytes.u32(at + 8));
      } else if (bytes.is(at + 4, "eXIf")) {
        orientation = ExifOrientation.of(bytes.part(at + 8, bytes.u32(at)));
      }
    }
    return ImageHeader.reference(width, height, frames, orientation);
  }

  /** A few bytes cannot be many pixels, however well they are compressed. */
  private void requireRoom(EncodedBytes bytes, ImageHeader header, long compressed)
      throws UndecodableImageException {
    double least = (double) header.width() * header.height() * bytes.u8(24) / 8;
    if (least > (double) compressed * MOST_INFLATION) {
      throw new UndecodableImageException(
          isComplete(bytes) ? Fault.CORRUPT : Fault.TRUNCATED,
          "the PNG declares "
              + header.width()
              + " x "
              + header.height()
              + " pixels and has "
              + compressed
              + " bytes for them");
    }
  }

  /**
   * libpng inflates all compressed bytes, also those behind the last pixel, and a few megabytes of
   * them can be gigabytes.
   */
  private static void requireNoSurplus(
      EncodedBytes bytes, byte[] encoded, ImageHeader header, long compressed)
      throws UndecodableImageException {
    long needed = inflatedSize(bytes, header);
    long used = compressed;
    if (compressed > 2 * needed + MOST_SURPLUS) {
      used = 2 * needed;
    } else if (compressed > QUICK) {
      used = usedBytes(bytes, encoded, needed);
    }
    if (compressed - used > MOST_SURPLUS) {
      throw new UndecodableImageException(
          Fault.CORRUPT,
          "the PNG has %d compressed bytes, and its pixels are in the first %d"
              .formatted(compressed, used));
    }
  }

  /** Bytes of all rows, at most: those of interlaced pictures are more, but never twice as many. */
  private static long inflatedSize(EncodedBytes bytes, ImageHeader header)
      throws UndecodableImageException {
    int channels =
        switch (bytes.u8(25)) {
          case 2 -> 3;
          case 4 -> 2;
          case 6 -> 4;
          default -> 1;
        };
    long row = 1 + ((long) header.width() * channels * bytes.u8(24) + 7) / 8;
    return row * header.height() * (bytes.u8(28) == 0 ? 1 : 2);
  }

  /** How many of the compressed bytes it takes to make so many of them; all if they never do. */
  private static long usedBytes(EncodedBytes bytes, byte[] encoded, long needed)
      throws UndecodableImageException {
    byte[] rows = new byte[MOST_SURPLUS];
    Inflater inflater = new Inflater();
    try {
      for (long at = FIRST_CHUNK; bytes.has(at, OVERHEAD); at = next(bytes, at)) {
        if (!isData(bytes, at)) {
          continue;
        }
        inflater.setInput(encoded, (int) at + CHUNK_HEAD, dataLength(bytes, at));
        while (!inflater.needsInput()
            && !inflater.finished()
            && inflater.getBytesWritten() < needed) {
          if (inflater.inflate(rows) == 0 && inflater.needsDictionary()) {
            return Long.MAX_VALUE;
          }
        }
        if (inflater.finished() || inflater.getBytesWritten() >= needed) {
          return inflater.getBytesRead();
        }
      }
    } catch (DataFormatException e) {
      // The decoder says what is wrong, and goes no further either.
    } finally {
      inflater.end();
    }
    return Long.MAX_VALUE;
  }

  private static long next(EncodedBytes bytes, long at) throws UndecodableImageException {
    return at + OVERHEAD + bytes.u32(at);
  }

  private static int saturated(long value) {
    return (int) Math.min(value, Integer.MAX_VALUE);
  }

  private static boolean isData(EncodedBytes bytes, long at) {
    return bytes.is(at + 4, "IDAT");
  }

  /** Of the chunk's bytes, those that the file has. */
  private static int dataLength(EncodedBytes bytes, long at) throws UndecodableImageException {
    return (int) Math.min(bytes.u32(at), bytes.length() - at - CHUNK_HEAD);
  }

  /** Leaves out ancillary chunks, but transparent colours. */
  @Override
  public byte[] essential(byte[] encoded, ImageHeader header) throws UndecodableImageException {
    EncodedBytes bytes = new EncodedBytes(encoded);
    ByteArrayOutputStream kept = null;
    int copied = 0;
    long compressed = 0;
    boolean within = true;
    for (long at = FIRST_CHUNK; bytes.has(at, OVERHEAD); at = next(bytes, at)) {
      if (isData(bytes, at)) {
        compressed += dataLength(bytes, at);
      }
      within = within && bytes.has(at, OVERHEAD + bytes.u32(at));
      if (within && isAncillary(bytes, at)) {
        kept = kept == null ? new ByteArrayOutputStream(encoded.length) : kept;
        kept.write(encoded, copied, (int) at - copied);
        copied = (int) next(bytes, at);
      }
      within = within && !bytes.is(at + 4, "IEND");
    }
    requireRoom(bytes, header, compressed);
    requireNoSurplus(bytes, encoded, header, compressed);
    if (kept == null) {
      return encoded;
    }
    kept.write(encoded, copied, encoded.length - copied);
    return kept.toByteArray();
  }

  private static boolean isAncillary(EncodedBytes bytes, long at) throws UndecodableImageException {
    return (bytes.u8(at + 4) & LOWER_CASE) != 0 && !bytes.is(at + 4, "tRNS");
  }

  @Override
  public boolean isComplete(EncodedBytes bytes) throws UndecodableImageException {
    for (long at = FIRST_CHUNK; bytes.has(at, 8); at = next(bytes, at)) {
      // What has no name of a chunk is not the beginning of one that was cut off.
      if (!isName(bytes, at + 4) || bytes.is(at + 4, "IEND")) {
        return true;
      }
    }
    return false;
  }

  private static boolean isName(EncodedBytes bytes, long at) throws UndecodableImageException {
    for (int i = 0; i < 4; i++) {
      int letter = bytes.u8(at + i) | LOWER_CASE;
      if (letter < 'a' || letter > 'z') {
        return false;
      }
    }
    return true;
  }
}
