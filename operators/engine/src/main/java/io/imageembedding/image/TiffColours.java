// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import io.imageembedding.image.ImageHeader.Decoder;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/** What the samples of a TIFF mean: its tag PhotometricInterpretation. */
final class TiffColours {
  private static final Decoder SAMPLES_AS_THEY_ARE =
      (encoded, header, means) ->
          PluginDecoder.rgb(read(encoded, header), TiffFormat.hasAssociatedAlpha(encoded));

  /** TIFF's own CIE L*a*b*. */
  private static final Decoder SIGNED_LAB =
      (encoded, header, means) -> PluginDecoder.lab(read(encoded, header), true);

  /** CIE L*a*b* as in ICC profiles. */
  private static final Decoder UNSIGNED_LAB =
      (encoded, header, means) -> PluginDecoder.lab(read(encoded, header), false);

  static final int TAG = 262;
  static final int RGB = 2;

  private static final int CIELAB = 8;
  private static final int ICCLAB = 9;
  private static final int COLOUR_FILTER_ARRAY = 32803;
  private static final int LINEAR_RAW = 34892;
  private static final int BITS = 258;
  private static final int SAMPLES = 277;

  /** Grey in both directions, RGB, palettes, inks, YCbCr, and L*a*b*. */
  private static final Set<Integer> DECODED = Set.of(0, 1, RGB, 3, 5, 6, CIELAB, ICCLAB);

  private static final Map<Integer, String> OTHERS =
      Map.of(
          4,
          "a transparency mask",
          10,
          "ITU L*a*b* colours",
          32_844,
          "LogL colours",
          32_845,
          "LogLuv colours");

  private TiffColours() {}

  /** Whether they are not developed yet, as in camera raw. */
  static boolean areRaw(TiffDirectory directory) throws UndecodableImageException {
    int kind = directory.value(TAG, 0);
    return kind == COLOUR_FILTER_ARRAY || kind == LINEAR_RAW;
  }

  private static BufferedImage read(byte[] encoded, ImageHeader header) throws IOException {
    return PluginDecoder.read(new TIFFImageReaderSpi().createReaderInstance(null), encoded, header);
  }

  /** Whether samples are L*a*b*, which the reader is told are RGB, so that it leaves them alone. */
  static boolean areLab(ImageHeader header) {
    return header.decoder() == SIGNED_LAB || header.decoder() == UNSIGNED_LAB;
  }

  /**
   * Which decoder takes them.
   *
   * @param jpeg whether they are stored as JPEGs
   * @throws UndecodableImageException if none does
   */
  static Decoder decoder(TiffDirectory directory, boolean jpeg) throws UndecodableImageException {
    int kind = directory.value(TAG, 0);
    if (!DECODED.contains(kind)) {
      throw unsupported(OTHERS.getOrDefault(kind, "colours of kind " + kind));
    }
    if (kind != CIELAB && kind != ICCLAB) {
      return SAMPLES_AS_THEY_ARE;
    }
    int samples = directory.value(SAMPLES, 1);
    if (samples < 3) {
      throw unsupported("L*a*b* colours in " + samples + " samples a pixel");
    }
    int bits = directory.value(BITS, 1);
    for (int i = 0; i < samples; i++) {
      int itsBits = directory.value(BITS, i, bits);
      if (itsBits != 8 && itsBits != 16 || itsBits != bits) {
        throw unsupported("L*a*b* colours of " + itsBits + " bits");
      }
    }
    if (jpeg) {
      throw unsupported("L*a*b* colours in a JPEG");
    }
    return kind == CIELAB ? SIGNED_LAB : UNSIGNED_LAB;
  }

  static UndecodableImageException unsupported(String what) {
    return new UndecodableImageException(
        Fault.UNSUPPORTED_FORMAT, "TIFF with " + what + " is not decoded");
  }
}
