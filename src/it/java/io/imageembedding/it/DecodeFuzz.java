// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.ImageDecoder;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.image.UndecodableImageException;
import java.time.Duration;

/**
 * What a fuzzer calls with ever other bytes, guided by what they reach; {@code src/it/fuzz} does. A
 * finding is whatever leaves the decoder and is no refusal, and an image that takes too long.
 */
public final class DecodeFuzz {
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private static ImageDecoder decoder;
  private static ImageTensor tensor;

  private DecodeFuzz() {}

  /** Called once, before the first input, and without its limit of time. */
  public static void fuzzerInitialize() {
    decoder =
        new ImageDecoder(
            new DecodeLimits(64L << 20, 32_767, 32_767, 4_000_000, 1000),
            new Preprocessing(Orientation.APPLY, JpegDecoding.EXACT));
    tensor = new ImageTensor(32, 1);
  }

  /** One input of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] image) {
    tensor.clear();
    long start = System.nanoTime();
    try {
      decoder.decode(image, tensor);
    } catch (UndecodableImageException e) {
      if (e.getMessage().contains("\n")) {
        throw new IllegalStateException("a message of several lines", e);
      }
    }
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    if (took.compareTo(LONGEST) > 0) {
      throw new IllegalStateException("the image took " + took.toMillis() + " ms");
    }
  }
}
