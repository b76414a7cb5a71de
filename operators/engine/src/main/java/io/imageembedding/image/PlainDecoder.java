// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/**
 * The JDK's readers, for models that do not run on TensorFlow. Pixels are near those that {@link
 * ReferenceDecoder} gives; of a GIF's canvas there is no more than its first frame.
 */
final class PlainDecoder implements PictureDecoder {

  @Override
  public Pixels decode(byte[] encoded, ImageHeader header)
      throws UndecodableImageException, IOException {
    String format =
        ImageFormat.of(new EncodedBytes(encoded))
            .orElseThrow(() -> new UndecodableImageException(Fault.NOT_AN_IMAGE, "no image"))
            .name();
    ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
    return PluginDecoder.rgb(PluginDecoder.read(reader, encoded, header), false);
  }

  @Override
  public Pixels decodeJpeg(byte[] encoded, ImageHeader header, int needed)
      throws UndecodableImageException, IOException {
    return decode(encoded, header);
  }

  @Override
  public void close() {}
}
