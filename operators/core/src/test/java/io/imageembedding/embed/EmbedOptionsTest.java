// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.Preprocessing.Orientation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbedOptionsTest {

  @Test
  void nothingSetIsEveryDefault() {
    Configuration none = new Configuration();

    assertThat(EmbedOptions.batchPolicy(none)).isEqualTo(BatchPolicy.DEFAULT);
    assertThat(EmbedOptions.decodeLimits(none)).isEqualTo(DecodeLimits.DEFAULT);
    assertThat(EmbedOptions.preprocessing(none)).isEqualTo(Preprocessing.REFERENCE);
  }

  @Test
  void valuesAreReadInTheirUnits() {
    Configuration config =
        Configuration.fromMap(
            Map.of(
                "image-embedding.batch.max-count", "4",
                "image-embedding.batch.max-bytes", "2 mb",
                "image-embedding.batch.max-age", "20 ms",
                "image-embedding.image.orientation", "apply"));

    assertThat(EmbedOptions.batchPolicy(config))
        .isEqualTo(new BatchPolicy(4, 2 << 20, Duration.ofMillis(20)));
    assertThat(EmbedOptions.preprocessing(config).orientation()).isEqualTo(Orientation.APPLY);
  }

  @ParameterizedTest
  @CsvSource({
    "image-embedding.batch.max-count, 0, a whole number from 1 to 1024",
    "image-embedding.batch.max-count, 1025, a whole number from 1 to 1024",
    "image-embedding.batch.max-count, many, a whole number from 1 to 1024",
    "image-embedding.batch.max-age, 0 ms, a duration from 1 ms to 1 h",
    "image-embedding.batch.max-age, soon, a duration from 1 ms to 1 h",
    "image-embedding.batch.max-bytes, 2 gb, a size from 1 byte to 1 gb",
    "image-embedding.image.max-bytes, -1, a size from 1 byte to 1 gb",
    "image-embedding.image.max-pixels, 0, a whole number from 1 to 500000000",
    "image-embedding.image.max-width, 70000, a whole number from 1 to 65535",
    "image-embedding.image.orientation, sideways, ignore or apply",
  })
  void aWrongValueIsRefusedByKeyValueAndWhatIsAllowed(String key, String value, String allowed) {
    Configuration config = Configuration.fromMap(Map.of(key, value));
    Function<ReadableConfig, Object> everything =
        c ->
            List.of(
                EmbedOptions.batchPolicy(c),
                EmbedOptions.decodeLimits(c),
                EmbedOptions.preprocessing(c));

    assertThatThrownBy(() -> everything.apply(config))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage(key + ": '" + value + "' is not allowed; allowed: " + allowed);
  }

  @Test
  void anUnknownKeyIsRefusedWithTheNearestKnownOne() {
    Configuration config =
        Configuration.fromMap(
            Map.of(
                "image-embedding.batch.maxcount", "4",
                "parallelism.default", "2",
                "image-embedding.kafka.properties.acks", "all"));

    assertThatThrownBy(
            () ->
                Options.requireKnown(
                    config, EmbedOptions.all(), List.of("image-embedding.kafka.properties.")))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage(
            "image-embedding.batch.maxcount: there is no such option;"
                + " the nearest is image-embedding.batch.max-count");
  }
}
