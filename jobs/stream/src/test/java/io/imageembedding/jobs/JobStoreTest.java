// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.embedding.Provenance;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.Precision;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.Stores;
import io.imageembedding.vectorstore.VectorStoreProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobStoreTest {
  private static final Map<String, String> TOPICS =
      Map.of(
          "image-embedding.kafka.bootstrap-servers", "127.0.0.1:1",
          "image-embedding.kafka.input.topic", "in",
          "image-embedding.kafka.dead-letter.topic", "dead");
  private static final ModelDescriptor MODEL =
      new ModelDescriptor("mine", "ab".repeat(32), 224, 3, "fp32", 1);
  private static final ModelDescriptor OTHER =
      new ModelDescriptor("theirs", "cd".repeat(32), 224, 3, "fp32", 1);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "address | '' | '' is not allowed; allowed: FORMS",
        "address | vectors | a store is named like FORMS, not 'vectors'",
        "address | nosuch:x | there is no kind of store 'nosuch:'; known: SCHEMES",
        "address | lucene:x?color=red | a store lucene: has no option 'color'; there are ef-search, ram-buffer-mb",
        "address | postgresql://h:1/d?password=geheim | password: a secret is not written into the address of a store; allowed: password-file=PATH or password-env=NAME",
        "batch.max-count | 0 | '0' is not allowed; allowed: a whole number from 1 to 10000",
        "batch.max-count | many | 'many' is not allowed; allowed: a whole number from 1 to 10000",
        "batch.max-age | 0 ms | '0 ms' is not allowed; allowed: a duration from 1 ms to 1 h",
        "retry-time | 2 d | '2 d' is not allowed; allowed: a duration from 0 s to 1 d",
      })
  void aMistakeIsRefusedByKeyValueAndWhatIsAllowed(String key, String value, String message) {
    Map<String, String> options = new HashMap<>();
    options.put("image-embedding.store.address", "lucene:" + folder);
    options.put("image-embedding.store." + key, value);

    assertThatThrownBy(() -> JobStore.of(Configuration.fromMap(options)))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage(
            "image-embedding.store."
                + key
                + ": "
                + message.replace("FORMS", Stores.forms()).replace("SCHEMES", schemes()))
        .hasMessageNotContaining("geheim");
  }

  private static String schemes() {
    return ServiceLoader.load(VectorStoreProvider.class).stream()
        .map(kind -> kind.get().scheme() + ":")
        .sorted()
        .collect(Collectors.joining(", "));
  }

  @Test
  void anOptionOfAStoreWithoutAStoreIsAMistake() {
    Configuration config =
        Configuration.fromMap(Map.of("image-embedding.store.batch.max-count", "7"));

    assertThatThrownBy(() -> JobStore.of(config))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessage(
            "image-embedding.store.batch.max-count is set, but image-embedding.store.address is"
                + " not");
    assertThat(JobStore.of(new Configuration())).isEmpty();
  }

  @Test
  void anOutputTopicIsNeededOnlyWithoutAStore() {
    assertThatThrownBy(() -> EmbedImagesJob.topics(Configuration.fromMap(TOPICS)))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageStartingWith("image-embedding.kafka.output.topic is not set");

    Map<String, String> options = new HashMap<>(TOPICS);
    options.put("image-embedding.store.address", "lucene:" + folder);
    assertThat(EmbedImagesJob.topics(Configuration.fromMap(options))).isNotNull();
  }

  @Test
  void aStoreIsNotWaitedForLongerThanAPersonWaitsWhenTheJobIsBuilt() {
    assertThat(JobStore.atStart(RetryPolicy.DEFAULT).total()).isEqualTo(Duration.ofSeconds(20));
    assertThat(JobStore.atStart(RetryPolicy.NONE)).isEqualTo(RetryPolicy.NONE);
  }

  @Test
  void nothingIsMadeBeforeTheJobIsBuilt() {
    feed("new");

    assertThat(folder.resolve("new")).doesNotExist();
  }

  @Test
  void aStoreOfAnotherSpaceOrDimensionIsRefusedNamingBoth() {
    feed("s").expect(3, provenance(MODEL));
    feed("s").expect(3, provenance(MODEL));

    assertThatThrownBy(() -> feed("s").expect(3, provenance(OTHER)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("mine (SHA-256 " + MODEL.sha256())
        .hasMessageContaining("theirs (SHA-256 " + OTHER.sha256());
    assertThatThrownBy(() -> feed("s").expect(4, provenance(MODEL)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("3-d vectors")
        .hasMessageContaining("4-d vectors");
  }

  @Test
  void aStoreThatCannotBeReachedIsOneLineAfterTheTimeForRetries() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    Configuration config =
        Configuration.fromMap(
            Map.of(
                "image-embedding.store.address",
                "lucene:" + file.resolve("store"),
                "image-embedding.store.retry-time",
                "0 s"));

    assertThatThrownBy(() -> JobStore.of(config).orElseThrow().expect(3, provenance(MODEL)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("lucene:" + file.resolve("store"));
  }

  @Test
  void thePrecisionThatAStoreHoldsWinsOverTheMeasuredOne() {
    Configuration auto = new Configuration().set(EmbedOptions.MODEL_PRECISION, Precision.AUTO);
    ModelDescriptor bf16 =
        new ModelDescriptor(
            MODEL.name(), MODEL.sha256(), MODEL.inputSize(), MODEL.dimension(), "bf16", 0.9995);

    assertThat(precision(auto, "new", MODEL)).isEqualTo(Precision.FP32);
    assertThat(precision(auto, "new", bf16)).isEqualTo(Precision.BF16);
    feed("bf16").expect(3, provenance(bf16));
    assertThat(precision(auto, "bf16", MODEL)).isEqualTo(Precision.BF16);
    assertThat(precision(auto, "bf16", OTHER)).isEqualTo(Precision.FP32);
  }

  @Test
  void everyReasonOfAStoreHasASymbolInTheSchema() {
    assertThat(Stream.of(RefusedChange.Reason.values()).map(JobStore::code).distinct())
        .hasSameSizeAs(RefusedChange.Reason.values());
  }

  private Precision precision(Configuration config, String store, ModelDescriptor measured) {
    return EmbedImagesJob.inOnePrecision(config, feed(store).held(), measured)
        .get(EmbedOptions.MODEL_PRECISION);
  }

  private JobStore feed(String store) {
    return JobStore.of(
            Configuration.fromMap(
                Map.of("image-embedding.store.address", "lucene:" + folder.resolve(store))))
        .orElseThrow();
  }

  private static Provenance provenance(ModelDescriptor model) {
    return model.provenance(Preprocessing.REFERENCE);
  }
}
