// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.testing.ImageCases;
import io.imageembedding.testing.ImageCases.Case;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Files that decoders fail on, or that are made to hold them. */
class ImageCasesTest {
  private static final ImageDecoder DECODER =
      new ImageDecoder(
          DecodeLimits.DEFAULT, new Preprocessing(Orientation.APPLY, JpegDecoding.EXACT));

  @AfterAll
  static void close() {
    DECODER.close();
  }

  @Test
  void everyFileIsAnsweredAsItShouldInTime() throws IOException {
    for (Case each : ImageCases.all()) {
      long start = System.nanoTime();
      Optional<UndecodableImageException> refusal = answer(each.file());
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      assertThat(took).as(each.name()).isLessThan(Duration.ofSeconds(10));
      each.check(
          refusal.map(e -> e.fault().name()).orElse(ImageCases.EMBEDDED),
          refusal.map(Throwable::getMessage).orElse(""));
    }
  }

  private static Optional<UndecodableImageException> answer(Path file) throws IOException {
    byte[] encoded = Files.readAllBytes(file);
    try (ImageTensor tensor = new ImageTensor(224, 1)) {
      DECODER.decode(encoded, tensor);
      return Optional.empty();
    } catch (UndecodableImageException e) {
      return Optional.of(e);
    }
  }
}
