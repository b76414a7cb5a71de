// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.util.List;
import java.util.Optional;

/** Knows image formats that are not decoded here, so that a person is told which one it is. */
final class UnsupportedFormats {

  private record Magic(String name, int offset, String bytes) {}

  private static final List<Magic> MAGICS =
      List.of(
          new Magic("HEIC", 4, "ftypheic"),
          new Magic("HEIC", 4, "ftypheix"),
          new Magic("HEIF", 4, "ftypmif1"),
          new Magic("HEIF", 4, "ftypmsf1"),
          new Magic("AVIF", 4, "ftypavif"),
          new Magic("AVIF", 4, "ftypavis"),
          new Magic("JPEG 2000", 0, "\0\0\0\fjP  "),
          new Magic("JPEG 2000", 0, "\u00ff\u004f\u00ff\u0051"),
          new Magic("JPEG XL", 0, "\u00ff\n"),
          new Magic("JPEG XL", 0, "\0\0\0\fJXL "),
          new Magic("BigTIFF", 0, "II+\0"),
          new Magic("BigTIFF", 0, "MM\0+"),
          new Magic("Photoshop", 0, "8BPS"),
          new Magic("icon", 0, "\0\0\1\0"),
          new Magic("cursor", 0, "\0\0\2\0"),
          new Magic("OpenEXR", 0, "v/1\1"),
          new Magic("Radiance HDR", 0, "#?RADIANCE"),
          new Magic("DirectDraw surface", 0, "DDS "),
          new Magic("QOI", 0, "qoif"),
          new Magic("portable bitmap", 0, "P1\n"),
          new Magic("portable greymap", 0, "P2\n"),
          new Magic("portable pixmap", 0, "P3\n"),
          new Magic("portable bitmap", 0, "P4\n"),
          new Magic("portable greymap", 0, "P5\n"),
          new Magic("portable pixmap", 0, "P6\n"),
          new Magic("portable arbitrary map", 0, "P7\n"));

  private static final int SVG_WITHIN = 1024;

  private UnsupportedFormats() {}

  /** The format that the bytes begin like, if it is one of these. */
  static Optional<String> name(EncodedBytes bytes) {
    for (Magic magic : MAGICS) {
      if (bytes.is(magic.offset(), magic.bytes())) {
        return Optional.of(magic.name());
      }
    }
    String text = bytes.text(0, SVG_WITHIN).stripLeading();
    return text.startsWith("<") && text.contains("<svg") ? Optional.of("SVG") : Optional.empty();
  }
}
