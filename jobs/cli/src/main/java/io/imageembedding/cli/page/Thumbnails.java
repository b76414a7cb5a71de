// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.ImageDecoder;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.image.UndecodableImageException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.apache.flink.annotation.Internal;

/**
 * Small JPEGs of images in any encoding, upright as EXIF says. They are made of decoded pixels, so
 * nothing of the file itself is in them, and whatever the bytes are, nothing else comes out. May be
 * used by several threads.
 */
@Internal
public final class Thumbnails implements AutoCloseable {
  /** Most pixels of a side: twice what a page shows, for dense screens. */
  private static final int SIDE = 400;

  private final ImageDecoder decoder =
      new ImageDecoder(
          DecodeLimits.DEFAULT, new Preprocessing(Orientation.APPLY, JpegDecoding.SCALED));

  /**
   * The thumbnail of an encoded image.
   *
   * @throws UndecodableImageException saying why there is none
   */
  public synchronized byte[] jpeg(byte[] encoded) throws UndecodableImageException, IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(decoder.thumbnail(encoded, SIDE), "jpg", out);
    return out.toByteArray();
  }

  /** The thumbnail of an encoded image as a {@code data:} URL. */
  public String dataUrl(byte[] encoded) throws UndecodableImageException, IOException {
    return "data:image/jpeg;base64," + Base64.getEncoder().encodeToString(jpeg(encoded));
  }

  @Override
  public synchronized void close() {
    decoder.close();
  }
}
