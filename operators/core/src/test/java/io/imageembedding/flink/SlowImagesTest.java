// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.batch.MicroBatch;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embed.TestingImages;
import io.imageembedding.embed.TestingModel;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.metrics.MetricRegistry;
import org.apache.flink.runtime.metrics.groups.GenericMetricGroup;
import org.apache.flink.runtime.metrics.util.TestingMetricRegistry;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class SlowImagesTest {

  /** Less than any processor needs for {@link #slow}, and far more than a small image takes. */
  private static final Duration MAX_TIME = Duration.ofMillis(30);

  private static final int SIDE = 12_000;

  private static final EmbedSettings SETTINGS =
      new EmbedSettings(
          Preprocessing.REFERENCE,
          new DecodeLimits(64L << 20, SIDE, SIDE, (long) SIDE * SIDE, 1, MAX_TIME),
          4,
          1,
          0);

  @Test
  void imagesThatTakeTooLongAreRefusedAndTheRestOfTheirBatchesIsEmbedded() throws Exception {
    byte[] small = TestingImages.solid(5);
    List<byte[]> batch = List.of(small, slow(), small);
    try (var operator =
        new OneInputStreamOperatorTestHarness<MicroBatch<byte[]>, MicroBatch<Embedded<byte[]>>>(
            new StreamMap<>(
                new EmbedFunction<>(bytes -> bytes, TestingModel.SOUND, null, SETTINGS)))) {
      operator.open();
      // A machine that does other things may give a small image too little time, too.
      for (int times = 0; times < 3; times++) {
        Awaitility.await()
            .atMost(Duration.ofMinutes(1))
            .untilAsserted(
                () ->
                    assertThat(MutantsTest.answers(operator, batch))
                        .extracting(SlowImagesTest::code)
                        .containsExactly("embedded", "TOO_LARGE", "embedded"));
      }
    }
  }

  @Test
  void imagesThatAreGivenUpAreCountedAndThoseThatAreTooLargeFromTheStartAreNot() throws Exception {
    Map<String, Metric> registered = new HashMap<>();
    MetricRegistry registry =
        TestingMetricRegistry.builder()
            .setRegisterConsumer((metric, name, group) -> registered.put(name, metric))
            .build();
    EmbedMetrics metrics =
        new EmbedMetrics(new GenericMetricGroup(registry, null, "task"), Set.of());
    Counter overTime = (Counter) registered.get(EmbedMetrics.OVER_TIME);
    byte[] slow = slow();
    byte[] wide = image(SIDE + 1, 1);
    try (ImageEmbedder embedder = new ImageEmbedder(TestingModel.SOUND, SETTINGS, metrics)) {
      assertThat(overTime.getCount()).isZero();
      assertThat(code(embedder.embed(1, i -> wide).get(0))).isEqualTo("TOO_LARGE");
      assertThat(overTime.getCount()).isZero();
      // While decoders of images before it are busy, it is not begun.
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> code(embedder.embed(1, i -> slow).get(0)).equals("TOO_LARGE"));
      assertThat(overTime.getCount()).isEqualTo(1);
    }
  }

  private static String code(Outcome outcome) {
    return outcome instanceof Refusal refusal ? refusal.code() : "embedded";
  }

  /** Few bytes, 144 megapixels. */
  private static byte[] slow() throws IOException {
    return image(SIDE, SIDE);
  }

  private static byte[] image(int width, int height) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(width, height, BufferedImage.TYPE_BYTE_BINARY), "png", bytes);
    return bytes.toByteArray();
  }
}
