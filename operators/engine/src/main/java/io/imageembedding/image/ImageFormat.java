// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.embedding.ImageInfo;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * An encoding that is decoded: how to know it, what its headers say, what decoding it costs, and
 * how that is done, which its header brings.
 */
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

  /** Their names, for people. */
  static String names() {
    return ALL.stream().map(ImageFormat::name).collect(Collectors.joining(", "));
  }

  /** The one that the bytes begin like. */
  static Optional<ImageFormat> of(EncodedBytes bytes) {
    return ALL.stream().filter(format -> format.matches(bytes)).findFirst();
  }

  /** Lower-case name, {@link ImageInfo#format()}. */
  String name();

  /** Whether the bytes begin like this format. */
  boolean matches(EncodedBytes bytes);

  /**
   * What the file says of itself, read without decoding anything. The time that it takes is bounded
   * by the bytes of the file.
   *
   * @param maxFrames counting ends when there are more
   */
  ImageHeader header(EncodedBytes bytes, int maxFrames) throws UndecodableImageException;

  /**
   * The file as its decoder gets it: the first picture alone, without metadata, which decoders
   * would unpack for nothing.
   *
   * @return the same array if there is nothing to leave out
   */
  default byte[] essential(byte[] encoded, ImageHeader header) throws UndecodableImageException {
    return encoded;
  }

  /**
   * The picture as a viewer would begin to show it: where it is a part of a larger canvas, in its
   * place there.
   */
  default Pixels onCanvas(byte[] encoded, Pixels picture) throws UndecodableImageException {
    return picture;
  }

  /**
   * Whether the file goes as far as its own structure says; asked only of files that could not be
   * decoded. If it cannot be told, it does.
   */
  boolean isComplete(EncodedBytes bytes) throws UndecodableImageException;
}
