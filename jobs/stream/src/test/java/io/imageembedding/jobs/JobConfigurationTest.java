// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.InvalidOptionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobConfigurationTest {
  @TempDir Path folder;

  @Test
  void keysMayBeNestedOrDottedAndListsBecomeFlinks() throws IOException {
    Path file =
        yaml(
            """
            pipeline.name: cats
            image-embedding:
              batch: {max-count: 4, max-age: 20 ms}
              model: models/mine
            pipeline.jars: [a.jar, b.jar]
            execution.checkpointing.interval:
            """);

    Configuration config =
        JobConfiguration.load(file, Map.of("image-embedding.batch.max-count", "16"));

    assertThat(config.get(PipelineOptions.NAME)).isEqualTo("cats");
    assertThat(config.get(EmbedOptions.BATCH_MAX_COUNT)).isEqualTo(16);
    assertThat(config.get(EmbedOptions.BATCH_MAX_AGE)).isEqualTo(Duration.ofMillis(20));
    assertThat(config.get(EmbedOptions.MODEL)).isEqualTo("models/mine");
    assertThat(config.get(PipelineOptions.JARS)).isEqualTo(List.of("a.jar", "b.jar"));
    assertThat(EmbedImagesJob.withDefaults(config).get(CheckpointingOptions.CHECKPOINTING_INTERVAL))
        .isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void anUnknownKeyIsRefusedWithTheOneThatWasMeant() throws IOException {
    Path file = yaml("image-embedding.batch.max-cuont: 4\n");

    assertThatThrownBy(() -> JobConfiguration.load(file, Map.of()))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageContaining("image-embedding.batch.max-cuont")
        .hasMessageContaining("image-embedding.batch.max-count");
  }

  @ParameterizedTest
  @CsvSource({
    "paralellism.default, 2, parallelism.default",
    "execution.checkpointing.intervall, 10 s, execution.checkpointing.interval",
    "checkpointing.interval, 10 s, execution.checkpointing.interval",
    "taskmanager.numberOfTaskSlot, 2, taskmanager.numberOfTaskSlots",
    "image-embeding.model, builtin, image-embedding.model",
  })
  void aKeyThatNeitherFlinkNorTheJobHasIsRefusedWithTheOneThatWasMeant(
      String key, String value, String meant) {
    assertThatThrownBy(() -> JobConfiguration.load(null, Map.of(key, value)))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage(
            key + ": neither Flink nor this job has such an option; the nearest is " + meant);
  }

  @ParameterizedTest
  @CsvSource({
    "parallelism.default, many, a whole number",
    "execution.checkpointing.timeout, 10 parsecs, 'a duration such as 500 ms, 10 s or 5 min'",
    "execution.checkpointing.unaligned.enabled, perhaps, true or false",
    "taskmanager.memory.network.max, much, a size such as 64 mb or 1 gb",
    "execution.runtime-mode, STREMING, 'streaming, batch, automatic'",
    "execution.checkpointing.interval, soon, what Flink reads",
  })
  void aValueThatFlinkCouldNotReadIsRefusedByItsKey(String key, String value, String allowed) {
    assertThatThrownBy(() -> JobConfiguration.load(null, Map.of(key, value)))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageStartingWith(key + ": '" + value + "' is not allowed; allowed: " + allowed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3.access-key",
        "fs.s3a.endpoint",
        "metrics.reporter.mine.factory.class",
        "state.backend.rocksdb.memory.managed",
        "state.checkpoints.num-retained",
        "env.java.opts.all",
        "pipeline.global-job-parameters.team",
      })
  void whatPlugInsAndPersonsNameAndWhatWasCalledOtherwiseBeforeIsTaken(String key) {
    assertThat(JobConfiguration.load(null, Map.of(key, "1")).toMap()).containsKey(key);
  }

  @Test
  void whatIsNoYamlIsNamedWithItsLine() throws IOException {
    Path broken = yaml("a: b\nc: [1, 2\n");
    Path list = yaml("- a\n- b\n");

    assertThatThrownBy(() -> JobConfiguration.load(broken, Map.of()))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageContaining("is not YAML: line 2");
    assertThatThrownBy(() -> JobConfiguration.load(list, Map.of()))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageContaining("has no keys");
    assertThatThrownBy(() -> JobConfiguration.load(folder.resolve("none"), Map.of()))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageContaining("cannot be read");
  }

  @ParameterizedTest
  @CsvSource({
    "image-embedding.model, https://me:geheim@host/m.tgz",
    "image-embedding.model, s3://key:geheim@bucket/m",
    "image-embedding.model, https://host/m.tgz?X-Amz-Signature=geheim",
    "image-embedding.model, https://host/m.tgz?x=1&access_token=geheim",
    "image-embedding.kafka.schema-registry.url, http://me:geheim@host",
    "execution.checkpointing.dir, s3://key:geheim@bucket/c",
  })
  void aSecretInAnAddressIsRefusedWithoutRepeatingIt(String key, String value) {
    assertThatThrownBy(() -> JobConfiguration.load(null, Map.of(key, value)))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageStartingWith(key + ": ")
        .hasMessageNotContaining("geheim");
  }

  private Path yaml(String text) throws IOException {
    return Files.writeString(Files.createTempFile(folder, "job", ".yaml"), text);
  }
}
