// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

/**
 * The orientation in EXIF data: tag 274 of the first directory (Exif 2.3, 4.6.4 A). What cannot be
 * read counts as upright.
 */
final class ExifOrientation {
  static final int UPRIGHT = 1;
  private static final int TAG = 274;

  private ExifOrientation() {}

  static int of(EncodedBytes exif) {
    try {
      EncodedBytes bytes = exif.is(0, "II") ? exif.littleEndian() : exif.bigEndian();
      if (bytes.u16(2) != 42) {
        return UPRIGHT;
      }
      long directory = bytes.u32(4);
      int entries = bytes.u16(directory);
      for (int i = 0; i < entries; i++) {
        long entry = directory + 2 + 12L * i;
        if (bytes.u16(entry) == TAG) {
          return valid(bytes.u16(entry + 8));
        }
      }
    } catch (UndecodableImageException e) {
      // Bad EXIF data do not make a bad image.
    }
    return UPRIGHT;
  }

  static int valid(int orientation) {
    return orientation >= 1 && orientation <= 8 ? orientation : UPRIGHT;
  }

  /** Whether width and height change places. */
  static boolean isTransposed(int orientation) {
    return orientation >= 5;
  }
}
