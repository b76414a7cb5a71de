// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.annotation.Internal;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.image.UndecodableImageException.Fault;

/** Says what images are by their headers, without decoding a pixel or loading anything native. */
@Internal
public final class ImageInspector {
  private ImageInspector() {}

  /**
   * What the image says of itself. That it can be decoded, it need not mean. The time that it takes
   * is bounded by the bytes of the image.
   *
   * @param encoded only read
   * @throws UndecodableImageException if it is no image, of no format that is decoded, larger in
   *     bytes or frames than is allowed, or ends within its header or contradicts itself there
   */
  public static ImageInfo inspect(byte[] encoded, DecodeLimits limits)
      throws UndecodableImageException {
    ImageFormat format = null;
    try {
      EncodedBytes bytes = new EncodedBytes(encoded);
      format = DecodePass.format(bytes, limits);
      ImageHeader header = format.header(bytes, limits.maxFrames());
      return new ImageInfo(format.name(), header.width(), header.height());
    } catch (UndecodableImageException e) {
      throw e;
    } catch (OutOfMemoryError | StackOverflowError e) {
      throw new UndecodableImageException(
          Fault.TOO_LARGE, "the header of the image takes more memory than there is", e);
    } catch (Throwable e) {
      throw DecodePass.undecodable(encoded, format, e);
    }
  }
}
