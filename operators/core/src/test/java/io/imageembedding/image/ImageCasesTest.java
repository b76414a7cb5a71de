// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.image.UndecodableImageException.Fault;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that decoders fail on, or that are made to hold them. */
class ImageCasesTest {
  private static final ImageDecoder DECODER =
      new ImageDecoder(
          DecodeLimits.DEFAULT, new Preprocessing(Orientation.APPLY, JpegDecoding.EXACT));

  @AfterAll
  static void close() {
    DECODER.close();
  }

  @ParameterizedTest
  @CsvSource({
    "tif-zstd.tif, UNSUPPORTED_FORMAT, ZSTD",
    "tif-lzma.tif, UNSUPPORTED_FORMAT, LZMA",
    "tif-webp.tif, UNSUPPORTED_FORMAT, WebP",
    "other-jpegls.jpg, UNSUPPORTED_FORMAT, JPEG-LS",
    "png-cgbi-iphone.png, UNSUPPORTED_FORMAT, CgBI",
    "other-tga.tga, UNSUPPORTED_FORMAT, TGA",
    "other-jxr.jxr, UNSUPPORTED_FORMAT, JPEG XR",
    "other-brand-heis.heic, UNSUPPORTED_FORMAT, HEIC",
    "other-brand-miaf.heic, UNSUPPORTED_FORMAT, HEIC",
    "tif-dng-like-subifd.dng, UNSUPPORTED_FORMAT, camera raw",
    "not-html-with-svg.jpg, NOT_AN_IMAGE, HTML",
    "not-s3-xml.jpg, NOT_AN_IMAGE, XML",
    "not-base64.jpg, NOT_AN_IMAGE, base64 of a JPEG",
    "not-data-uri.jpg, NOT_AN_IMAGE, data:",
    "not-gzip.jpg.gz, NOT_AN_IMAGE, gzip",
    "not-gitlfs.jpg, NOT_AN_IMAGE, git-lfs",
    "not-svg-bom.svg, UNSUPPORTED_FORMAT, SVG",
  })
  void whatIsRefusedIsNamed(String name, Fault fault, String named) throws IOException {
    UndecodableImageException refusal = answer("refused/" + name).orElseThrow();
    assertThat(refusal.fault()).isEqualTo(fault);
    assertThat(refusal).hasMessageContaining(named);
  }

  @Test
  void hostileFilesAreAnsweredInTime() throws IOException {
    try (Stream<Path> files = Files.list(TestData.path("cases/hostile"))) {
      for (Path file : files.filter(file -> !file.toString().endsWith(".py")).sorted().toList()) {
        long start = System.nanoTime();
        Optional<UndecodableImageException> refusal = answer("hostile/" + file.getFileName());
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        assertThat(took).as(file.toString()).isLessThan(Duration.ofSeconds(10));
        assertThat(refusal.map(UndecodableImageException::fault).orElse(Fault.TOO_LARGE))
            .as(file.toString())
            .isIn(Fault.TOO_LARGE, Fault.CORRUPT, Fault.UNSUPPORTED_FORMAT, Fault.TRUNCATED);
      }
    }
  }

  @Test
  void whatOtherDecodersTakeIsDecoded() throws IOException {
    try (Stream<Path> files = Files.list(TestData.path("cases/images"))) {
      for (Path file : files.sorted().toList()) {
        assertThat(answer("images/" + file.getFileName())).as(file.toString()).isEmpty();
      }
    }
  }

  private static Optional<UndecodableImageException> answer(String name) throws IOException {
    byte[] encoded = Files.readAllBytes(TestData.path("cases/" + name));
    try (ImageTensor tensor = new ImageTensor(224, 1)) {
      DECODER.decode(encoded, tensor);
      return Optional.empty();
    } catch (UndecodableImageException e) {
      return Optional.of(e);
    }
  }
}
