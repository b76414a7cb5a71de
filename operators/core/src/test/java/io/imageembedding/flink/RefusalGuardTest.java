// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.batch.MicroBatch;
import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.testkit.SampleImages;
import io.imageembedding.testkit.TinyModel;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefusalGuardTest {
  private static final String GOOD = "good";
  private static final String BROKEN = "broken";
  private static final String DELETION = "deletion";

  @Test
  void withoutAGuardAnyNumberMayBeRefused() throws Exception {
    try (var harness = harness(null)) {
      embed(harness, BROKEN, BROKEN, BROKEN, BROKEN);
      assertThat(harness.extractOutputValues()).hasSize(1);
    }
    assertThat(GuardOptions.guard(new Configuration())).isEmpty();
  }

  @Test
  void oneMoreThanTheShareOfTheLastImagesFailsTheJobForGoodWithOneLine() throws Exception {
    try (var harness = harness(guard("0.5", "4"))) {
      embed(harness, BROKEN, GOOD, BROKEN, GOOD, BROKEN);

      assertThatThrownBy(() -> embed(harness, GOOD, BROKEN, BROKEN))
          .hasMessageStartingWith(
              "3 of the last 4 images of this subtask were refused;"
                  + " image-embedding.guard.refused-share: 0.5 allows 2; the last one: IMAGE"
                  + " NOT_AN_IMAGE, ")
          .hasMessageNotContaining("\n")
          .satisfies(
              failure ->
                  assertThat(
                          ThrowableClassifier.findThrowableOfThrowableType(
                              failure, ThrowableType.NonRecoverableError))
                      .isPresent());
      assertThat(harness.extractOutputValues()).hasSize(1);
    }
  }

  @Test
  void refusalsThatAreLongAgoAreForgotten() throws Exception {
    try (var harness = harness(guard("0.25", "4"))) {
      for (int i = 0; i < 5; i++) {
        assertThatCode(() -> embed(harness, BROKEN, GOOD, GOOD, GOOD)).doesNotThrowAnyException();
      }
    }
  }

  @Test
  void aShareOfNothingFailsWithTheFirst() throws Exception {
    try (var harness = harness(guard("0", "1000"))) {
      embed(harness, GOOD, GOOD);
      assertThatThrownBy(() -> embed(harness, GOOD, BROKEN)).hasMessageContaining("allows 0");
    }
  }

  @Test
  void deletionsAreNoTrouble() throws Exception {
    try (var harness = harness(guard("0", "4"))) {
      embed(harness, DELETION, DELETION, GOOD);
      assertThat(harness.extractOutputValues()).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "refused-share | 1 | a number from 0 to below 1",
        "refused-share | half | a number from 0 to below 1",
        "window | 0 | a whole number from 1 to 1000000",
        "uncounted-codes | not a code | codes such as NULL_VALUE, separated by semicolons"
      })
  void aMistakeIsRefusedByKeyValueAndWhatIsAllowed(String key, String value, String allowed) {
    Configuration config = Configuration.fromMap(Map.of("image-embedding.guard." + key, value));

    assertThatThrownBy(() -> GuardOptions.guard(config))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage(
            "image-embedding.guard."
                + key
                + ": '"
                + value
                + "' is not allowed; allowed: "
                + allowed);
  }

  private static RefusalGuard guard(String share, String window) {
    RefusalGuard guard =
        GuardOptions.guard(
                Configuration.fromMap(
                    Map.of(
                        "image-embedding.guard.refused-share", share,
                        "image-embedding.guard.window", window)))
            .orElseThrow();
    assertThat(guard.uncounted()).isEqualTo(Set.of("NULL_VALUE"));
    return guard;
  }

  private static byte[] image(String element) throws ElementRefusedException {
    if (element.equals(DELETION)) {
      throw new ElementRefusedException("NULL_VALUE", "the message has no value");
    }
    return element.equals(GOOD) ? SampleImages.png(7) : new byte[] {1, 2, 3, 4};
  }

  private static void embed(
      OneInputStreamOperatorTestHarness<MicroBatch<String>, MicroBatch<Embedded<String>>> harness,
      String... elements)
      throws Exception {
    harness.processElement(
        new StreamRecord<>(
            new MicroBatch<>(
                Arrays.asList(elements), new long[elements.length], FlushReason.COUNT)));
  }

  private static OneInputStreamOperatorTestHarness<MicroBatch<String>, MicroBatch<Embedded<String>>>
      harness(RefusalGuard guard) throws Exception {
    var harness =
        new OneInputStreamOperatorTestHarness<MicroBatch<String>, MicroBatch<Embedded<String>>>(
            new StreamMap<>(
                new EmbedFunction<>(
                    RefusalGuardTest::image,
                    TinyModel.ofDimension(2),
                    null,
                    EmbedSettings.ofBatches(4),
                    guard,
                    FenceOptions.NONE)));
    harness.open();
    return harness;
  }
}
