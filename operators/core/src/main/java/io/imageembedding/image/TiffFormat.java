// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.ImageHeader.Decoder;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** TIFF 6.0: a chain of directories of tags. */
final class TiffFormat implements ImageFormat {
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int ORIENTATION = 274;
  private static final int SAMPLES = 277;
  private static final int STRIP_OFFSETS = 273;
  private static final int STRIP_LENGTHS = 279;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_LENGTHS = 325;
  private static final int SHORT = 3;
  private static final int MAX_SAMPLES = 8;

  @Override
  public String name() {
    return "tiff";
  }

  @Override
  public boolean matches(EncodedBytes bytes) {
    return bytes.is(0, "II*\0") || bytes.is(0, "MM\0*");
  }

  @Override
  public ImageHeader header(EncodedBytes encoded, int maxFrames) throws UndecodableImageException {
    EncodedBytes bytes = ordered(encoded);
    Map<Integer, Entry> first = directory(bytes, bytes.u32(4));
    int width = value(bytes, first, WIDTH, 0);
    int height = value(bytes, first, HEIGHT, 0);
    if (width <= 0 || height <= 0) {
      throw new UndecodableImageException(
          Fault.CORRUPT, "the TIFF declares " + width + " x " + height + " pixels");
    }
    int samples = value(bytes, first, SAMPLES, 1);
    if (samples < 1 || samples > MAX_SAMPLES) {
      throw new UndecodableImageException(
          Fault.UNSUPPORTED_FORMAT, "TIFF with " + samples + " samples a pixel is not decoded");
    }
    return ImageHeader.of(
        Math.max(width, value(bytes, first, TILE_WIDTH, 0)),
        Math.max(height, value(bytes, first, TILE_HEIGHT, 0)),
        countDirectories(bytes, maxFrames),
        ExifOrientation.valid(value(bytes, first, ORIENTATION, ExifOrientation.UPRIGHT)),
        Decoder.TIFF);
  }

  private static EncodedBytes ordered(EncodedBytes bytes) {
    return bytes.is(0, "II") ? bytes.littleEndian() : bytes.bigEndian();
  }

  private static int countDirectories(EncodedBytes bytes, int most)
      throws UndecodableImageException {
    Set<Long> seen = new HashSet<>();
    long at = bytes.u32(4);
    while (at != 0 && seen.size() <= most && bytes.has(at, 2)) {
      if (!seen.add(at)) {
        throw new UndecodableImageException(
            Fault.CORRUPT, "the TIFF's directories lead back to an earlier one");
      }
      long link = at + 2 + 12L * bytes.u16(at);
      at = bytes.has(link, 4) ? bytes.u32(link) : 0;
    }
    return seen.size();
  }

  /** A tag's type, number of values, and where they are. */
  private record Entry(int type, long count, long offset) {}

  private static Map<Integer, Entry> directory(EncodedBytes bytes, long at)
      throws UndecodableImageException {
    Map<Integer, Entry> entries = new HashMap<>();
    int count = bytes.u16(at);
    for (int i = 0; i < count; i++) {
      long entry = at + 2 + 12L * i;
      int type = bytes.u16(entry + 2);
      long values = bytes.u32(entry + 4);
      boolean inline = values * (type == SHORT ? 2 : 4) <= 4;
      entries.put(
          bytes.u16(entry), new Entry(type, values, inline ? entry + 8 : bytes.u32(entry + 8)));
    }
    return entries;
  }

  private static int value(
      EncodedBytes bytes, Map<Integer, Entry> directory, int tag, int otherwise)
      throws UndecodableImageException {
    Entry entry = directory.get(tag);
    return entry == null || entry.count() == 0
        ? otherwise
        : (int) Math.min(Integer.MAX_VALUE, element(bytes, entry, 0));
  }

  private static long element(EncodedBytes bytes, Entry entry, long index)
      throws UndecodableImageException {
    return entry.type() == SHORT
        ? bytes.u16(entry.offset() + 2 * index)
        : bytes.u32(entry.offset() + 4 * index);
  }

  @Override
  public boolean isComplete(EncodedBytes encoded) throws UndecodableImageException {
    EncodedBytes bytes = ordered(encoded);
    Map<Integer, Entry> first = directory(bytes, bytes.u32(4));
    return areWithin(bytes, first.get(STRIP_OFFSETS), first.get(STRIP_LENGTHS))
        && areWithin(bytes, first.get(TILE_OFFSETS), first.get(TILE_LENGTHS));
  }

  private static boolean areWithin(EncodedBytes bytes, Entry offsets, Entry lengths)
      throws UndecodableImageException {
    if (offsets == null || lengths == null) {
      return true;
    }
    for (long i = 0; i < Math.min(offsets.count(), lengths.count()); i++) {
      if (!bytes.has(element(bytes, offsets, i), element(bytes, lengths, i))) {
        return false;
      }
    }
    return true;
  }
}
