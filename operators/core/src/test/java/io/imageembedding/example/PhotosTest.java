// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.ImageEmbedding;
import io.imageembedding.testkit.SampleImages;
import io.imageembedding.testkit.StreamHarness;
import io.imageembedding.testkit.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.junit.jupiter.api.Test;

/** The README's test of a job. */
class PhotosTest {

  // README: begin
  @Test
  void aPhotoIsEmbeddedWithItsBatchAndABrokenOneSaysWhy() throws Exception {
    var embedding = ImageEmbedding.of((byte[] file) -> file).model(TinyModel.ofDimension(8));
    try (var harness = StreamHarness.of(TypeInformation.of(byte[].class), embedding::embed)) {
      harness.send(SampleImages.jpeg(1), SampleImages.truncated());
      assertThat(harness.read()).isEmpty();

      harness.advance(Duration.ofMillis(100));

      assertThat(harness.read())
          .extracting(answer -> answer.outcome() instanceof Refusal no ? no.code() : "embedded")
          .containsExactly("embedded", "TRUNCATED");
    }
  }

  // README: end

  @Test
  void theReadmeShowsThisTest() throws Exception {
    Path project = Path.of(System.getProperty("image-embedding.project"));
    String source =
        Files.readString(
            project.resolve(
                "operators/core/src/test/java/io/imageembedding/example/PhotosTest.java"));
    String begin = "// README: begin\n";
    String shown =
        source
            .substring(source.indexOf(begin) + begin.length(), source.indexOf("  // README: end"))
            .lines()
            .map(line -> line.replaceFirst("^ {2}", ""))
            .collect(Collectors.joining("\n"))
            .strip();

    assertThat(shown.lines().count()).isLessThan(20);
    assertThat(Files.readString(project.resolve("README.md"))).contains(shown);
  }
}
