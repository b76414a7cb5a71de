// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * Pixels of what ImageIO's readers decode: lossy WebP and TIFF by TwelveMonkeys', unusual bitmaps
 * by the JDK's. Readers are made directly, so nothing depends on what is registered in the JVM, and
 * nothing is cached on disk.
 *
 * <p>As with the reference's decoders, alpha is dropped and not blended, 16 bits become the upper
 * 8, and grey becomes three equal channels. Colours that a TIFF keeps multiplied by alpha are
 * divided by it, and CIE L*a*b* is converted by {@link LabColours}.
 */
final class PluginDecoder {

  /** Of TwelveMonkeys' readers. */
  static final String READERS = "3.15.0";

  /**
   * Of the readers and, behind the dash, of what is done here with what they give. Another version
   * may give other pixels: part of the vector space.
   */
  static final String VERSION = READERS + "-2";

  private PluginDecoder() {}

  /**
   * The first image of the file, as the reader gives it.
   *
   * @throws IOException if the reader cannot read it
   * @throws RuntimeException of any kind, if the reader trips over it
   */
  static BufferedImage read(ImageReader reader, byte[] encoded, ImageHeader header)
      throws IOException {
    try (ImageInputStream in = new ByteArrayImageInputStream(encoded)) {
      reader.setInput(in, true, true);
      if ((long) reader.getWidth(0) * reader.getHeight(0) > header.cost().pixels()) {
        throw new IOException("larger than the header that was checked");
      }
      return reader.read(0);
    } finally {
      reader.dispose();
    }
  }

  /**
   * Samples of grey or RGB as colours of 8 bits.
   *
   * @param multiplied whether colours were multiplied by alpha
   */
  static Pixels rgb(BufferedImage image, boolean multiplied) throws UndecodableImageException {
    requireInteger(image.getRaster());
    byte[] rgb = room(image);
    ColorModel model = image.getColorModel();
    if (!(model instanceof IndexColorModel) && isGreyOrRgb(model.getColorSpace())) {
      copySamples(image, multiplied, rgb);
    } else {
      copyConverted(image, rgb);
    }
    return Pixels.of(image.getWidth(), image.getHeight(), rgb);
  }

  /**
   * Samples of L*a*b* as colours of 8 bits.
   *
   * @param signed whether a* and b* are
   */
  static Pixels lab(BufferedImage image, boolean signed) throws UndecodableImageException {
    requireInteger(image.getRaster());
    byte[] rgb = room(image);
    LabColours.convert(image.getRaster(), image.getColorModel().getComponentSize(0), signed, rgb);
    return Pixels.of(image.getWidth(), image.getHeight(), rgb);
  }

  private static byte[] room(BufferedImage image) {
    return new byte[Math.multiplyExact(Math.multiplyExact(image.getWidth(), image.getHeight()), 3)];
  }

  private static boolean isGreyOrRgb(ColorSpace space) {
    return space.getType() == ColorSpace.TYPE_GRAY || space.getType() == ColorSpace.TYPE_RGB;
  }

  private static void requireInteger(Raster raster) throws UndecodableImageException {
    int type = raster.getDataBuffer().getDataType();
    if (type != DataBuffer.TYPE_BYTE
        && type != DataBuffer.TYPE_USHORT
        && type != DataBuffer.TYPE_INT) {
      throw new UndecodableImageException(
          Fault.UNSUPPORTED_FORMAT,
          "images with samples that are signed or floating-point are not decoded");
    }
  }

  /** Takes samples as they are: ImageIO's own conversion would change grey by its gamma. */
  private static void copySamples(BufferedImage image, boolean multiplied, byte[] rgb) {
    Raster raster = image.getRaster();
    boolean grey = image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    int[] bits = image.getColorModel().getComponentSize();
    int alphaBand = grey ? 1 : 3;
    boolean divide = multiplied && raster.getNumBands() > alphaBand;
    int[] row = new int[image.getWidth()];
    int[] alpha = new int[image.getWidth()];
    for (int y = 0; y < image.getHeight(); y++) {
      if (divide) {
        raster.getSamples(0, y, image.getWidth(), 1, alphaBand, alpha);
      }
      for (int channel = 0; channel < 3; channel++) {
        int band = grey ? 0 : channel;
        raster.getSamples(0, y, image.getWidth(), 1, band, row);
        for (int x = 0; x < row.length; x++) {
          int sample = divide ? divided(row[x], alpha[x], bits[band]) : row[x];
          rgb[(y * row.length + x) * 3 + channel] = (byte) eightBits(sample, bits[band]);
        }
      }
    }
  }

  /** A colour without the alpha that it was multiplied by; where that is nothing, black. */
  private static int divided(int sample, int alpha, int bits) {
    long most = (1L << bits) - 1;
    long value = Integer.toUnsignedLong(sample) & most;
    long by = Integer.toUnsignedLong(alpha) & most;
    return by == 0 ? 0 : (int) Math.min(most, (value * most + by / 2) / by);
  }

  private static int eightBits(int sample, int bits) {
    int most = (1 << Math.min(bits, 8)) - 1;
    return bits >= 8 ? sample >>> (bits - 8) : (sample * 255 + most / 2) / most;
  }

  private static void copyConverted(BufferedImage image, byte[] rgb) {
    int[] row = new int[image.getWidth()];
    for (int y = 0; y < image.getHeight(); y++) {
      image.getRGB(0, y, row.length, 1, row, 0, row.length);
      for (int x = 0; x < row.length; x++) {
        int at = (y * row.length + x) * 3;
        rgb[at] = (byte) (row[x] >> 16);
        rgb[at + 1] = (byte) (row[x] >> 8);
        rgb[at + 2] = (byte) row[x];
      }
    }
  }
}
