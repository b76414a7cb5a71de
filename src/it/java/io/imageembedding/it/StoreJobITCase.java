// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.Embedded;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobStore;
import io.imageembedding.jobs.RecordVectors;
import io.imageembedding.kafka.KafkaMessage;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.sink.StoreMetrics;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Jobs that feed a vector store. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoreJobITCase extends StoreOfTopic {
  private static final Provenance PROVENANCE =
      new Provenance("mine", "ab".repeat(32), "fp32", "way", "cd".repeat(32));
  private static final Provenance OTHER =
      new Provenance("theirs", "12".repeat(32), "fp32", "way", "34".repeat(32));

  private static final InMemoryReporter REPORTER = InMemoryReporter.createWithRetainedMetrics();

  /** The cluster of the jobs in this process; its metrics are there as long as it is. */
  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setConfiguration(REPORTER.addToConfiguration(new Configuration()))
              .setNumberTaskManagers(1)
              .setNumberSlotsPerTaskManager(2)
              .build());

  @Test
  void everyIdIsOnceAndNewestInTopicAndStoreThoughTheJobIsKilledInMidRun() throws Exception {
    topics.publish(0, 600, 60);
    Map<String, String> options = stores.options();
    options.put("pipeline.name", "killed " + folder.getFileName());
    options.put("execution.checkpointing.dir", folder.resolve("kept").toString());
    options.put("image-embedding.store.batch.max-count", "20");
    Files.writeString(folder.resolve("job.yaml"), yaml(options));
    Process killed = stores.start("job", "job", "--config", "job.yaml");
    Awaitility.await()
        .atMost(2, TimeUnit.MINUTES)
        .until(() -> topics.committed(topics.embeddings()).size() > 30);
    killed.destroyForcibly().waitFor();
    int committed = topics.committed(topics.embeddings()).size();
    assertThat(committed).as("killed in mid-run").isLessThan(590);

    topics.publish(100, 150, NONE_BROKEN);
    for (int i = 200; i < 210; i++) {
      topics.send(topics.images(), TestTopics.id(i), null);
    }
    Process again = stores.start("again", "job", "--config", "job.yaml", "--restore", "latest");
    Awaitility.await()
        .atMost(2, TimeUnit.MINUTES)
        .until(
            () ->
                !again.isAlive()
                    || topics.committed(topics.embeddings()).size()
                            + topics.committed(topics.deadLetters()).size()
                        >= 660);
    again.destroy();
    assertThat(again.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(folder.resolve("again.err"))).contains("Go on with: --restore ");

    assertThat(topics.committed(topics.deadLetters())).hasSize(10);
    List<ConsumerRecord<byte[], byte[]>> embeddings = topics.committed(topics.embeddings());
    assertThat(embeddings).hasSize(650);
    assertThat(embeddings)
        .extracting(TestStores::source)
        .doesNotHaveDuplicates()
        .isSubsetOf(topics.committed(topics.images()).stream().map(TestStores::ownSource).toList());
    Map<String, ConsumerRecord<byte[], byte[]>> newest = new HashMap<>();
    embeddings.forEach(record -> newest.put(new String(record.key(), UTF_8), record));
    Set<String> alive = new HashSet<>();
    try (VectorStore store = VectorStore.open(stores.address(), OpenMode.read())) {
      for (Map.Entry<String, ConsumerRecord<byte[], byte[]>> each : newest.entrySet()) {
        if (each.getValue().value() == null) {
          assertThat(store.get(each.getKey())).as("deleted " + each.getKey()).isEmpty();
        } else {
          alive.add(each.getKey());
          assertThat(store.get(each.getKey()))
              .contains(
                  RecordVectors.of(EmbeddingFields.of(TestStores.embedding(each.getValue()))));
        }
      }
      assertThat(alive).hasSize(581);
      assertThat(TestStores.ids(store)).containsExactlyInAnyOrderElementsOf(alive);
    }
  }

  @Test
  void whatTheStoreRefusesIsADeadLetterAndInNeitherAndTheJobSaysSoInItsMetrics() throws Exception {
    Map<String, String> options = stores.options();
    options.put("parallelism.default", "1");
    options.put("image-embedding.kafka.input.format", "raw");
    options.put("image-embedding.store.batch.max-count", "4");
    Configuration config = config(options);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    JobStore feed = JobStore.of(config).orElseThrow();
    feed.expect(3, PROVENANCE);
    String tooLong = "x".repeat(3000);
    DataStream<Embedded<KafkaMessage>> answers =
        env.fromData(
            Embedded.typeInformation(KafkaMessage.typeInformation()),
            answer(0, "good", embedding(PROVENANCE, 1, 2, 3)),
            answer(1, "other-space", embedding(OTHER, 1, 2, 3)),
            answer(2, "short", embedding(PROVENANCE, 1, 2)),
            answer(3, "zero", embedding(PROVENANCE, 0, 0, 0)),
            answer(4, "infinite", embedding(PROVENANCE, 1, Float.POSITIVE_INFINITY, 0)),
            answer(6, tooLong, embedding(PROVENANCE, 1, 2, 3)),
            answer(7, "good", embedding(PROVENANCE, 3, 2, 1)),
            answer(8, "late", embedding(PROVENANCE, 1, 1, 1)),
            answer(9, "late", new Refusal(Refusal.Stage.WIRE, "NULL_VALUE", "no value")),
            answer(10, "broken", new Refusal(Refusal.Stage.IMAGE, "CORRUPT", "no image")));
    EmbedImagesJob.topics(config).write(answers, feed::feed);

    JobID job = env.execute().getJobID();

    Map<String, DeadLetter> letters = new HashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : topics.committed(topics.deadLetters())) {
      DeadLetter letter = RecordReader.deadLetters(WireFormat.AVRO, null).read(record.value());
      letters.put(letter.getId(), letter);
      assertThat(letter.getValue().array()).isEqualTo("image".getBytes(UTF_8));
    }
    assertThat(letters.keySet())
        .containsExactlyInAnyOrder("other-space", "short", "zero", "infinite", tooLong, "broken");
    assertRefused(letters.get("other-space"), Code.OTHER_SPACE, "theirs", "mine");
    assertRefused(letters.get("short"), Code.WRONG_LENGTH, "2", "3");
    assertRefused(letters.get("zero"), Code.ZERO_NORM, "no direction");
    assertRefused(letters.get("infinite"), Code.NOT_FINITE, "feature 1");
    assertRefused(letters.get(tooLong), Code.UNUSABLE_ID, "3000");
    assertThat(letters.get("broken").getStage()).isEqualTo(Stage.image);

    assertThat(topics.committed(topics.embeddings()))
        .extracting(record -> new String(record.key(), UTF_8) + (record.value() == null ? "-" : ""))
        .containsExactlyInAnyOrder("good", "good", "late", "late-");
    try (VectorStore store = VectorStore.open(stores.address(), OpenMode.read())) {
      assertThat(TestStores.ids(store)).containsExactly("good");
      assertThat(store.get("good").orElseThrow().vector()).containsExactly(3, 2, 1);
      assertThat(store.get("good").orElseThrow().version()).isEqualTo(version(7));
    }

    Map<String, Metric> metrics = REPORTER.getMetricsByIdentifiers(job);
    assertThat(counter(metrics, StoreMetrics.WRITTEN) + counter(metrics, StoreMetrics.STALE))
        .isEqualTo(4);
    assertThat(counter(metrics, "reason.UNUSABLE_ID." + StoreMetrics.REFUSED)).isEqualTo(1);
    assertThat(counter(metrics, "reason.OTHER_SPACE." + StoreMetrics.REFUSED)).isEqualTo(1);
    assertThat(((Histogram) metric(metrics, StoreMetrics.BATCH_SIZE)).getStatistics().getMax())
        .isEqualTo(4);
    assertThat(((Gauge<?>) metric(metrics, StoreMetrics.PENDING)).getValue()).isEqualTo(0);
    assertThat(((Histogram) metric(metrics, StoreMetrics.COMMIT_TIME)).getCount()).isPositive();
  }

  @Test
  void aStoreAloneNeedsNoTopicOfEmbeddingsAndIsForOneSpaceOnly() throws Exception {
    topics.publish(0, 40, 20);
    topics.send(topics.images(), "no-text", TestTopics.imageRecord("no-text", Map.of("a", "\0")));
    topics.send(topics.images(), TestTopics.id(7), null);
    Map<String, String> options = stores.options();
    options.remove("image-embedding.kafka.output.topic");
    options.put("image-embedding.kafka.input.bounded", "true");
    run(options);

    assertThat(topics.committed(topics.embeddings())).isEmpty();
    List<ConsumerRecord<byte[], byte[]>> dead = topics.committed(topics.deadLetters());
    assertThat(dead)
        .extracting(record -> new String(record.key(), UTF_8))
        .containsExactlyInAnyOrder(TestTopics.id(0), TestTopics.id(20), "no-text");
    for (ConsumerRecord<byte[], byte[]> record : dead) {
      if (new String(record.key(), UTF_8).equals("no-text")) {
        assertRefused(
            RecordReader.deadLetters(WireFormat.AVRO, null).read(record.value()),
            Code.UNUSABLE_METADATA,
            "no valid text");
      }
    }
    try (VectorStore store = VectorStore.open(stores.address(), OpenMode.read())) {
      assertThat(TestStores.ids(store)).hasSize(37).doesNotContain(TestTopics.id(7));
      assertThat(store.describe().collection().orElseThrow().dimension()).isEqualTo(1280);
    }

    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    assertThatThrownBy(() -> run(options))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(stores.address())
        .hasMessageContaining("mobilenet_v2_1.0_224")
        .hasMessageContaining("mobilenet_v2_0.35_96");
  }

  @Test
  void underALatencyBudgetAnImageThatIsAloneWaitsForNothingInFrontOfTheStoreEither()
      throws Exception {
    Map<String, String> options = stores.options();
    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    options.put("image-embedding.batch.latency-budget", "500 ms");
    options.put("image-embedding.store.batch.max-age", "1 h");
    options.put("image-embedding.kafka.delivery-guarantee", "at-least-once");
    // A checkpoint would close the batch. Without a pause Flink makes one when the tasks run.
    options.put("execution.checkpointing.interval", "1 h");
    options.put("execution.checkpointing.min-pause", "1 h");
    topics.publish(1, 2, NONE_BROKEN);
    Configuration config = config(options);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    EmbedImagesJob.build(env, config);
    JobClient job = env.executeAsync();

    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> topics.committed(topics.embeddings()).size() == 1);
    job.cancel().get();
  }

  @Test
  void aDeletionFromASlowerClockDeletesInTopicAndStoreAlikeAlsoAfterARestore() throws Exception {
    Map<String, String> options = stores.options();
    options.put("pipeline.name", "slower clock " + folder.getFileName());
    long now = System.currentTimeMillis();
    topics.send(topics.images(), "a", TestTopics.imageRecord("a", Map.of()), now);
    topics.send(topics.images(), "b", TestTopics.imageRecord("b", Map.of()), now);
    JobClient client = submit(options);
    awaitEmbeddings(2);
    String savepoint =
        client
            .stopWithSavepoint(false, folder.toUri().toString(), SavepointFormatType.CANONICAL)
            .get();

    topics.send(topics.images(), "a", null, now - 10_000);
    topics.send(topics.images(), "c", TestTopics.imageRecord("c", Map.of()), now - 20_000);
    options.put("execution.state-recovery.path", savepoint);
    options.put("parallelism.default", "1");
    JobClient again = submit(options);
    awaitEmbeddings(4);
    again.cancel().get();

    List<StoredVector> fed = stores.all("store");
    assertThat(fed).extracting(StoredVector::id).containsExactly("b", "c");
    stores.index(0, topics.embeddings(), "from-topic");
    assertThat(stores.all("from-topic")).isEqualTo(fed);
  }

  private static JobClient submit(Map<String, String> options) throws Exception {
    Configuration config = config(options);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    EmbedImagesJob.build(env, config);
    return env.executeAsync();
  }

  private void awaitEmbeddings(int count) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> topics.committed(topics.embeddings()).size() == count);
  }

  private static String yaml(Map<String, String> options) {
    StringBuilder yaml = new StringBuilder();
    options.forEach((key, value) -> yaml.append(key).append(": ").append(value).append('\n'));
    return yaml.toString();
  }

  private static Embedded<KafkaMessage> answer(int offset, String key, Outcome outcome) {
    boolean empty = outcome instanceof Refusal refusal && refusal.code().equals("NULL_VALUE");
    return new Embedded<>(
        new KafkaMessage(
            key.getBytes(UTF_8),
            empty ? null : "image".getBytes(UTF_8),
            List.of(),
            "images",
            0,
            offset,
            1000),
        outcome);
  }

  private static Version version(int offset) {
    return new Version(1000, "images", 0, offset);
  }

  private static Embedding embedding(Provenance provenance, float... vector) {
    return new Embedding(vector, new ImageInfo("jpeg", 640, 427), provenance);
  }

  private static void assertRefused(DeadLetter letter, Code code, String... message) {
    assertThat(letter.getStage()).isEqualTo(Stage.store);
    assertThat(letter.getCode()).isEqualTo(code);
    assertThat(letter.getMessage()).contains(message);
  }

  private static Metric metric(Map<String, Metric> metrics, String name) {
    return metrics.entrySet().stream()
        .filter(entry -> entry.getKey().endsWith(".store.0." + StoreMetrics.GROUP + "." + name))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is none of " + metrics.keySet()));
  }

  private static long counter(Map<String, Metric> metrics, String name) {
    return ((Counter) metric(metrics, name)).getCount();
  }
}
