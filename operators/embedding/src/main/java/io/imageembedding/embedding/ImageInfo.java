// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;

/**
 * What an encoded image was, as its own header says.
 *
 * @param format lower-case name of the encoding: {@code jpeg}, {@code png}, {@code gif}, {@code
 *     bmp}, {@code webp}, {@code tiff}
 * @param width in pixels, as stored (before any EXIF orientation is applied)
 * @param height in pixels, as stored (before any EXIF orientation is applied)
 */
@PublicEvolving
public record ImageInfo(String format, int width, int height) implements Serializable {

  public ImageInfo {
    requireNonNull(format, "format");
  }
}
