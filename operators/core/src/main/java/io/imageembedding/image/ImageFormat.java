// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.util.List;

/** An encoding that is decoded: how to know it, and what its headers say. */
interface ImageFormat {

  /** In the order in which they are tried. */
  List<ImageFormat> ALL =
      List.of(
          new JpegFormat(),
          new PngFormat(),
          new GifFormat(),
          new WebpFormat(),
          new TiffFormat(),
          new BmpFormat());

  /** Lower-case name, {@link ImageInfo#format()}. */
  String name();

  /** Whether the bytes begin like this format. */
  boolean matches(EncodedBytes bytes);

  /**
   * What the file says of itself, read without decoding anything.
   *
   * @param maxFrames counting ends when there are more
   */
  ImageHeader header(EncodedBytes bytes, int maxFrames) throws UndecodableImageException;

  /**
   * Whether the file goes as far as its own structure says; asked only of files that could not be
   * decoded. If it cannot be told, it does.
   */
  boolean isComplete(EncodedBytes bytes) throws UndecodableImageException;
}
