// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import io.imageembedding.image.ImageHeader.Decoder;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * Decodes what TensorFlow does not by ImageIO readers: WebP and TIFF by TwelveMonkeys', unusual
 * bitmaps by the JDK's. Readers are made directly, so nothing depends on what is registered in the
 * JVM, and nothing is cached on disk.
 *
 * <p>As with the reference's decoders, alpha is dropped and not blended, 16 bits become the upper
 * 8, and grey becomes three equal channels.
 */
final class PluginDecoder {

  /**
   * The first image of the file.
   *
   * @throws IOException if the reader cannot read it
   * @throws RuntimeException of any kind, if the reader trips over it
   */
  Pixels decode(byte[] encoded, ImageHeader header) throws IOException, UndecodableImageException {
    ImageReader reader = reader(header.decoder());
    byte[] file = header.decoder() == Decoder.WEBP ? WebpFormat.withoutAlpha(encoded) : encoded;
    try (ImageInputStream in = new ByteArrayImageInputStream(file)) {
      reader.setInput(in, true, true);
      if (reader.getWidth(0) > header.width() || reader.getHeight(0) > header.height()) {
        throw new IOException("larger than the header that was checked");
      }
      return rgb(reader.read(0));
    } finally {
      reader.dispose();
    }
  }

  private static ImageReader reader(Decoder decoder) throws IOException {
    return switch (decoder) {
      case WEBP -> new WebPImageReaderSpi().createReaderInstance(null);
      case TIFF -> new TIFFImageReaderSpi().createReaderInstance(null);
      case JDK_BMP -> ImageIO.getImageReadersByFormatName("bmp").next();
      case TENSORFLOW -> throw new IllegalArgumentException("not a plug-in");
    };
  }

  private static Pixels rgb(BufferedImage image) throws UndecodableImageException {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgb = new byte[Math.multiplyExact(Math.multiplyExact(width, height), 3)];
    ColorModel model = image.getColorModel();
    boolean plain =
        !(model instanceof IndexColorModel)
            && !image.isAlphaPremultiplied()
            && isGreyOrRgb(model.getColorSpace());
    if (plain && isInteger(image.getRaster())) {
      copySamples(image, rgb);
    } else if (isInteger(image.getRaster())) {
      copyConverted(image, rgb);
    } else {
      throw new UndecodableImageException(
          Fault.UNSUPPORTED_FORMAT, "images with samples that are no integers are not decoded");
    }
    return Pixels.of(width, height, rgb);
  }

  private static boolean isGreyOrRgb(ColorSpace space) {
    return space.getType() == ColorSpace.TYPE_GRAY || space.getType() == ColorSpace.TYPE_RGB;
  }

  private static boolean isInteger(Raster raster) {
    int type = raster.getDataBuffer().getDataType();
    return type == DataBuffer.TYPE_BYTE
        || type == DataBuffer.TYPE_USHORT
        || type == DataBuffer.TYPE_INT;
  }

  /** Takes samples as they are: ImageIO's own conversion would change grey by its gamma. */
  private static void copySamples(BufferedImage image, byte[] rgb) {
    Raster raster = image.getRaster();
    boolean grey = image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    int[] bits = image.getColorModel().getComponentSize();
    int[] row = new int[image.getWidth()];
    for (int y = 0; y < image.getHeight(); y++) {
      for (int channel = 0; channel < 3; channel++) {
        int band = grey ? 0 : channel;
        raster.getSamples(0, y, image.getWidth(), 1, band, row);
        for (int x = 0; x < row.length; x++) {
          rgb[(y * row.length + x) * 3 + channel] = (byte) eightBits(row[x], bits[band]);
        }
      }
    }
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
