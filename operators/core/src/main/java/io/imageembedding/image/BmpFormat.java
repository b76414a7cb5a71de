// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.ImageHeader.Decoder;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.util.Set;

/**
 * Windows and OS/2 bitmaps. TensorFlow's decoder takes 24 bits for three channels; the others
 * (palettes, run lengths, 16 and 32 bits) go to the JDK's.
 */
final class BmpFormat implements ImageFormat {
  private static final int CORE_HEADER = 12;
  private static final Set<Integer> HEADER_SIZES =
      Set.of(CORE_HEADER, 16, 40, 52, 56, 64, 108, 124);
  private static final int UNCOMPRESSED = 0;
  private static final int BIT_FIELDS = 3;

  @Override
  public String name() {
    return "bmp";
  }

  @Override
  public boolean matches(EncodedBytes bytes) {
    try {
      return bytes.is(0, "BM")
          && (!bytes.has(14, 4) || HEADER_SIZES.contains((int) bytes.littleEndian().u32(14)));
    } catch (UndecodableImageException e) {
      return false;
    }
  }

  @Override
  public ImageHeader header(EncodedBytes bytes, int maxFrames) throws UndecodableImageException {
    Layout layout = Layout.of(bytes.littleEndian());
    boolean plain =
        layout.bits == 24 && layout.compression == UNCOMPRESSED && layout.headerSize >= 40;
    return ImageHeader.of(
        layout.width,
        layout.height,
        1,
        ExifOrientation.UPRIGHT,
        plain ? Decoder.TENSORFLOW : Decoder.JDK_BMP);
  }

  @Override
  public boolean isComplete(EncodedBytes bytes) throws UndecodableImageException {
    Layout layout = Layout.of(bytes.littleEndian());
    if (layout.compression != UNCOMPRESSED && layout.compression != BIT_FIELDS) {
      return bytes.has(layout.pixels, layout.imageBytes);
    }
    long row = ((long) layout.width * layout.bits + 31) / 32 * 4;
    return bytes.has(layout.pixels, row * layout.height);
  }

  private record Layout(
      int headerSize,
      long pixels,
      int width,
      int height,
      int bits,
      int compression,
      long imageBytes) {

    static Layout of(EncodedBytes bytes) throws UndecodableImageException {
      long pixels = bytes.u32(10);
      int headerSize = (int) bytes.u32(14);
      if (headerSize == CORE_HEADER) {
        return new Layout(
            headerSize, pixels, bytes.u16(18), bytes.u16(20), bytes.u16(24), UNCOMPRESSED, 0);
      }
      int width = (int) bytes.u32(18);
      int height = Math.abs((int) bytes.u32(22));
      if (width <= 0 || height <= 0) {
        throw new UndecodableImageException(
            Fault.CORRUPT, "the bitmap declares " + width + " x " + height + " pixels");
      }
      return new Layout(
          headerSize, pixels, width, height, bytes.u16(28), (int) bytes.u32(30), bytes.u32(34));
    }
  }
}
