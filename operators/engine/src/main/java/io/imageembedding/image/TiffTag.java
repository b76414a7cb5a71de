// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.UndecodableImageException.Fault;

/**
 * An entry of a TIFF directory (TIFF 6.0, section 2).
 *
 * @param id what it says
 * @param type of its values
 * @param count how many values there are
 * @param offset where they are in the file
 */
record TiffTag(int id, int type, long count, long offset) {
  /** Bytes of an entry in its directory. */
  static final int ENTRY_BYTES = 12;

  private static final int BYTE = 1;
  static final int SHORT = 3;
  private static final int LONG = 4;
  private static final int SIGNED_BYTE = 6;
  private static final int UNDEFINED = 7;
  private static final int SIGNED_SHORT = 8;
  private static final int SIGNED_LONG = 9;
  private static final int DIRECTORY = 13;
  private static final int[] SIZES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};

  /**
   * Reads the entry; its values may lie outside of the file.
   *
   * @param entry where it begins
   */
  static TiffTag read(EncodedBytes bytes, long entry) throws UndecodableImageException {
    int type = bytes.u16(entry + 2);
    long count = bytes.u32(entry + 4);
    bytes.u32(entry + 8);
    boolean inline = count * size(type) <= 4;
    return new TiffTag(bytes.u16(entry), type, count, inline ? entry + 8 : bytes.u32(entry + 8));
  }

  private static int size(int type) {
    return type < SIZES.length ? SIZES[type] : 0;
  }

  /** Bytes that the values take. */
  long bytes() {
    return count * size(type);
  }

  /** Whether the values stand in the entry itself. */
  boolean isInline() {
    return bytes() <= 4;
  }

  /** The first value. */
  long value(EncodedBytes file) throws UndecodableImageException {
    return value(file, 0);
  }

  /**
   * A value.
   *
   * @throws UndecodableImageException if it is not in the file, or no integer
   */
  long value(EncodedBytes file, long index) throws UndecodableImageException {
    long at = offset + index * size(type);
    return switch (index < count ? type : 0) {
      case BYTE, SIGNED_BYTE, UNDEFINED -> file.u8(at);
      case SHORT, SIGNED_SHORT -> file.u16(at);
      case LONG, SIGNED_LONG, DIRECTORY -> file.u32(at);
      default ->
          throw new UndecodableImageException(
              Fault.CORRUPT, "tag " + id + " has no integer of type " + type);
    };
  }
}
