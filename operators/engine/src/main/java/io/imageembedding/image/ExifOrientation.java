// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

/**
 * The orientation in EXIF data: tag 274 of the first directory (Exif 2.3, 4.6.4 A), in whatever
 * integer type a camera wrote it. What cannot be read counts as upright. JPEG's prefix of such data
 * is passed over in other formats, too, where programs write it although it does not belong there.
 */
final class ExifOrientation {
  static final int UPRIGHT = 1;
  private static final int TAG = 274;
  private static final String PREFIX = "Exif\0\0";

  private ExifOrientation() {}

  static int of(EncodedBytes data) {
    try {
      EncodedBytes exif =
          data.is(0, PREFIX) ? data.part(PREFIX.length(), data.length() - PREFIX.length()) : data;
      EncodedBytes bytes = exif.is(0, "II") ? exif.littleEndian() : exif.bigEndian();
      if (bytes.u16(2) != 42) {
        return UPRIGHT;
      }
      long directory = bytes.u32(4);
      int entries = bytes.u16(directory);
      for (int i = 0; i < entries; i++) {
        long entry = directory + 2 + 12L * i;
        if (bytes.u16(entry) == TAG) {
          return valid(TiffTag.read(bytes, entry).value(bytes));
        }
      }
    } catch (UndecodableImageException e) {
      // Bad EXIF data do not make a bad image.
    }
    return UPRIGHT;
  }

  static int valid(long orientation) {
    return orientation >= 1 && orientation <= 8 ? (int) orientation : UPRIGHT;
  }

  /** Whether width and height change places. */
  static boolean isTransposed(int orientation) {
    return orientation >= 5;
  }

  /** Whether what is seen on the left is stored on the right, or at the bottom if transposed. */
  static boolean isMirroredAcross(int orientation) {
    return orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  }

  /** Whether what is seen at the top is stored at the bottom, or on the right if transposed. */
  static boolean isMirroredDown(int orientation) {
    return orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  }
}
