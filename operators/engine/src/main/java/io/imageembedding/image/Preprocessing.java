// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Optional;

/**
 * The way from an encoded image to the model's input, apart from the input's size: decoded as
 * TensorFlow's {@code decode_image(channels=3)} does, scaled to [0,1], resized by bilinear
 * interpolation with half-pixel centres and no antialiasing ({@code tf.image.resize}).
 *
 * @param orientation whether the EXIF orientation is applied before resizing
 * @param jpegDecoding how large JPEGs are decoded
 */
@PublicEvolving
public record Preprocessing(Orientation orientation, JpegDecoding jpegDecoding)
    implements Serializable {

  /** What happens to a photo whose EXIF data says that it has to be turned. */
  public enum Orientation {
    /** Pixels as stored: what the model's own reference pipeline does. */
    IGNORE,
    /** Turned and mirrored as EXIF says: what a person sees in a viewer. */
    APPLY
  }

  /** How JPEGs are decoded that have many more pixels than the model takes. */
  public enum JpegDecoding {
    /** Every pixel, as the model's own reference pipeline does. */
    EXACT,
    /**
     * At a half, a quarter or an eighth by the inverse DCT, the smallest at which the shorter side
     * still has twice the pixels that the model takes: blocks are averaged where the reference
     * picks single pixels, so vectors differ: cosine at least 0.95 on photos of two megapixels.
     */
    SCALED
  }

  /** The model's own reference pipeline. */
  public static final Preprocessing REFERENCE =
      new Preprocessing(Orientation.IGNORE, JpegDecoding.EXACT);

  /**
   * A stable name of everything that can change a pixel, with the version of the decoders that are
   * not TensorFlow's; part of every vector's provenance.
   */
  public String id() {
    return id(InputRange.UNIT);
  }

  /** The same for a model that takes another range of numbers. */
  public String id(InputRange range) {
    return "tf-decode-image/rgb-"
        + range.id()
        + "/bilinear-half-pixel"
        + (orientation == Orientation.APPLY ? "/exif-orientation" : "")
        + (jpegDecoding == JpegDecoding.SCALED ? "/dct-scaled" : "")
        + "/webp-tiff-"
        + PluginDecoder.VERSION;
  }

  /** The one of that {@link #id()}, whatever range the model takes, if there is one. */
  public static Optional<Preprocessing> ofId(String id) {
    String unit = id.replaceFirst("/rgb-[^/]+/", "/rgb-" + InputRange.UNIT.id() + "/");
    return Arrays.stream(Orientation.values())
        .flatMap(
            orientation ->
                Arrays.stream(JpegDecoding.values())
                    .map(decoding -> new Preprocessing(orientation, decoding)))
        .filter(preprocessing -> preprocessing.id().equals(unit))
        .findFirst();
  }
}
