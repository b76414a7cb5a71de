// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.ImageHeader.Cost;
import io.imageembedding.image.ImageHeader.Means;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/**
 * Windows and OS/2 bitmaps. TensorFlow's decoder takes 24 bits for three channels; the others
 * (palettes, run lengths, 16 and 32 bits) go to the JDK's.
 */
final class BmpFormat implements ImageFormat {
  private static final int FILE_HEADER = 14;
  private static final int CORE_HEADER = 12;
  private static final int SHORT_HEADER = 16;
  private static final int INFO_HEADER = 40;
  private static final int OS2_HEADER = 64;
  private static final Set<Integer> HEADER_SIZES =
      Set.of(CORE_HEADER, SHORT_HEADER, INFO_HEADER, 52, 56, OS2_HEADER, 108, 124);
  private static final Set<Integer> BITS = Set.of(1, 2, 4, 8, 16, 24, 32);
  private static final int UNCOMPRESSED = 0;
  private static final int RUN_LENGTH_8 = 1;
  private static final int RUN_LENGTH_4 = 2;
  private static final int BIT_FIELDS = 3;
  private static final int MASKS = 12;

  /** Heap of the JDK's reader and of its answer, measured with the largest of its kinds. */
  private static final int HEAP_BYTES_PER_PIXEL = 8;

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
    requireSupported(layout);
    if (layout.isPlain()) {
      return ImageHeader.reference(layout.width, layout.height, 1, ExifOrientation.UPRIGHT);
    }
    long pixels = (long) layout.width * layout.height;
    return new ImageHeader(
        layout.width,
        layout.height,
        1,
        ExifOrientation.UPRIGHT,
        BmpFormat::decode,
        new Cost(pixels, 1, pixels * HEAP_BYTES_PER_PIXEL));
  }

  private static void requireSupported(Layout layout) throws UndecodableImageException {
    String variety = undecoded(layout);
    if (!variety.isEmpty()) {
      throw new UndecodableImageException(
          Fault.UNSUPPORTED_FORMAT, "a bitmap with " + variety + " is not decoded");
    }
    if (!BITS.contains(layout.bits)) {
      throw new UndecodableImageException(
          Fault.CORRUPT, "the bitmap declares " + layout.bits + " bits a pixel");
    }
  }

  /** What of the bitmap is not decoded; blank if all of it is. */
  private static String undecoded(Layout layout) {
    boolean os2 = layout.headerSize == OS2_HEADER;
    switch (layout.compression) {
      case UNCOMPRESSED:
        return "";
      case RUN_LENGTH_8:
        return layout.bits == 8 ? "" : "run lengths of another depth";
      case RUN_LENGTH_4:
        return layout.bits == 4 ? "" : "run lengths of another depth";
      case BIT_FIELDS:
        if (os2) {
          return "Huffman codes";
        }
        return layout.bits == 16 || layout.bits == 32 ? "" : "bit fields of another depth";
      case 4:
        return os2 ? "run lengths of 24 bits" : "a JPEG inside";
      case 5:
        return "a PNG inside";
      default:
        return "compression " + layout.compression;
    }
  }

  /**
   * The header and its pixels, nothing behind them; in the JDK's terms where the header is one that
   * the JDK does not know.
   *
   * @throws UndecodableImageException if the file has less than its header says
   */
  @Override
  public byte[] essential(byte[] encoded, ImageHeader header) throws UndecodableImageException {
    EncodedBytes bytes = new EncodedBytes(encoded).littleEndian();
    Layout layout = Layout.of(bytes);
    if (!bytes.has(layout.pixels, layout.storedBytes())
        || layout.pixels < FILE_HEADER + layout.headerSize) {
      throw new UndecodableImageException(
          bytes.has(layout.pixels, layout.storedBytes()) ? Fault.CORRUPT : Fault.TRUNCATED,
          "the bitmap's pixels do not lie within the file");
    }
    if (!layout.isPlain() && layout.isUnusual()) {
      return withInfoHeader(encoded, layout);
    }
    long end = layout.pixels + layout.storedBytes();
    return layout.isRunLength() || end == encoded.length
        ? encoded
        : Arrays.copyOf(encoded, (int) end);
  }

  /** The same bitmap with a header of 40 bytes, and the masks of bit fields behind it. */
  private static byte[] withInfoHeader(byte[] encoded, Layout layout) {
    int masks = layout.compression == BIT_FIELDS ? MASKS : 0;
    int paletteFrom = FILE_HEADER + layout.headerSize;
    int palette = Math.max(0, (int) layout.pixels - paletteFrom);
    int stored = (int) layout.storedBytes();
    int pixels = FILE_HEADER + INFO_HEADER + masks + palette;
    ByteBuffer file = ByteBuffer.allocate(pixels + stored).order(ByteOrder.LITTLE_ENDIAN);
    file.put(encoded, 0, 2).putInt(file.capacity()).putInt(0).putInt(pixels);
    file.putInt(INFO_HEADER).put(encoded, 18, 8).putShort((short) 1).putShort((short) layout.bits);
    file.putInt(layout.compression).putInt(stored);
    file.position(FILE_HEADER + INFO_HEADER);
    file.put(encoded, FILE_HEADER + INFO_HEADER, masks);
    file.put(encoded, paletteFrom, palette).put(encoded, (int) layout.pixels, stored);
    return file.array();
  }

  @Override
  public boolean isComplete(EncodedBytes bytes) throws UndecodableImageException {
    Layout layout = Layout.of(bytes.littleEndian());
    return bytes.has(layout.pixels, layout.storedBytes());
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
      if (headerSize == SHORT_HEADER) {
        return new Layout(headerSize, pixels, width, height, bytes.u16(28), UNCOMPRESSED, 0);
      }
      return new Layout(
          headerSize, pixels, width, height, bytes.u16(28), (int) bytes.u32(30), bytes.u32(34));
    }

    /** Whether TensorFlow decodes it. */
    boolean isPlain() {
      return bits == 24 && compression == UNCOMPRESSED && headerSize >= SHORT_HEADER;
    }

    /** Whether the JDK does not know the header. */
    boolean isUnusual() {
      return headerSize == SHORT_HEADER || headerSize > INFO_HEADER && headerSize <= OS2_HEADER;
    }

    boolean isRunLength() {
      return compression == RUN_LENGTH_8 || compression == RUN_LENGTH_4;
    }

    long storedBytes() {
      return isRunLength() ? imageBytes : ((long) width * bits + 31) / 32 * 4 * height;
    }
  }

  private static Pixels decode(byte[] encoded, ImageHeader header, Means means)
      throws IOException, UndecodableImageException {
    ImageReader reader = ImageIO.getImageReadersByFormatName("bmp").next();
    return PluginDecoder.rgb(PluginDecoder.read(reader, encoded, header), false);
  }
}
