// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.tensorflow.TensorFlowFailure;
import java.io.IOException;

/** Decodes the formats that TensorFlow knows: JPEG, PNG, GIF and plain bitmaps. */
interface PictureDecoder extends AutoCloseable {

  /** The pixels, of the first frame where there are several; whoever asked closes them. */
  Pixels decode(byte[] encoded, ImageHeader header)
      throws UndecodableImageException, TensorFlowFailure, IOException;

  /**
   * A JPEG, at a part of its size where the decoder can do that.
   *
   * @param needed pixels that the shorter side keeps at least
   */
  Pixels decodeJpeg(byte[] encoded, ImageHeader header, int needed)
      throws UndecodableImageException, TensorFlowFailure, IOException;

  @Override
  void close();
}
