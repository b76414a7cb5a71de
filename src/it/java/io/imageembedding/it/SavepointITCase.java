// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Savepoints that earlier builds made are restored by this one. With {@code
 * -Dsavepoints.write=true} those that the test names are made by this build instead.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SavepointITCase {
  private static final Path KEPT =
      JavaProcess.project().resolve("src/it/resources/io/imageembedding/it/savepoints");
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Images that are answered before a savepoint is made. */
  private static final int BEFORE = 20;

  private static final int AFTER = 30;

  private static EmbeddedKafka kafka;

  @TempDir Path folder;

  @BeforeAll
  static void start() throws IOException {
    kafka = EmbeddedKafka.start();
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"topic-1", "store-1"})
  void aJobGoesOnFromASavepointOfAnEarlierBuild(String savepoint) throws Exception {
    if (Boolean.getBoolean("savepoints.write")) {
      make(savepoint);
      return;
    }
    TestTopics topics = topics(savepoint);
    topics.publish(0, AFTER, 10);
    Map<String, String> options = options(topics, savepoint);
    // What an earlier broker has committed is unknown to this one.
    options.put("image-embedding.kafka.lost-transactions", "continue");
    options.put("execution.state-recovery.path", KEPT.resolve(savepoint).toUri().toString());
    JobClient job = start(options);
    CompletableFuture<JobExecutionResult> end = job.getJobExecutionResult();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> end.isDone() || topics.keys().size() >= AFTER - BEFORE);
    assertThat(end).isNotDone();
    job.cancel().get();

    List<String> rest = IntStream.range(BEFORE, AFTER).mapToObj(TestTopics::id).toList();
    assertThat(topics.answeredIds()).containsExactlyInAnyOrderElementsOf(rest);
    for (ConsumerRecord<byte[], byte[]> record : topics.committed(topics.embeddings())) {
      EmbeddingRecord embedding =
          RecordReader.embeddings(WireFormat.AVRO, null).read(record.value());
      assertThat(embedding.getModel().getPrecision()).isEqualTo("fp32");
    }
    if (savepoint.startsWith("store")) {
      try (VectorStore store = VectorStore.open(storeAddress(), OpenMode.read())) {
        assertThat(store.describe().collection()).isPresent();
        assertThat(store.get(TestTopics.id(BEFORE + 1))).isPresent();
        assertThat(store.get(TestTopics.id(0))).isEmpty();
      }
    }
  }

  /**
   * One partition and two slots: first in order, then spread over both, then in order again. Every
   * id comes several times, so that its versions are at both slots at once, and is deleted or not.
   */
  @Test
  void aSavepointOfAJobThatKeepsOrderIsGoneOnFromByOneThatDoesNotAndBack() throws Exception {
    String name = "store-order";
    TestTopics topics = new TestTopics(kafka.bootstrapServers(), 1, name + "-");
    Map<String, String> options = options(topics, name);
    List<String> sent = new ArrayList<>();
    for (String unordered : List.of("false", "true", "false")) {
      options.put("image-embedding.unordered", unordered);
      JobClient job = start(options);
      for (int times = 0; times < 4; times++) {
        topics.publish(0, BEFORE, 10);
        IntStream.range(0, BEFORE).mapToObj(TestTopics::id).forEach(sent::add);
      }
      topics.send(topics.images(), TestTopics.id(BEFORE - 2), null);
      sent.add(TestTopics.id(BEFORE - 2));
      Awaitility.await().atMost(PATIENCE).until(() -> topics.keys().size() >= sent.size());
      String savepoint =
          job.stopWithSavepoint(
                  false,
                  folder.resolve("savepoints").toUri().toString(),
                  SavepointFormatType.CANONICAL)
              .get();
      options.put("execution.state-recovery.path", savepoint);

      assertThat(topics.keys()).containsExactlyInAnyOrderElementsOf(sent);
      try (VectorStore store = VectorStore.open(storeAddress(), OpenMode.read())) {
        assertThat(store.get(TestTopics.id(BEFORE - 2))).as("deleted last").isEmpty();
        assertThat(store.get(TestTopics.id(1)).orElseThrow().version().offset())
            .as("the newest of all slots")
            .isEqualTo(sent.size() - 1L - BEFORE + 1);
      }
    }
  }

  /** Its transactions are pre-committed: they hold the answers of the first images. */
  private void make(String savepoint) throws Exception {
    TestTopics topics = topics(savepoint);
    topics.publish(0, BEFORE, 10);
    Map<String, String> options = options(topics, savepoint);
    options.put("image-embedding.model.precision", "fp32");
    options.put("execution.checkpointing.interval", "10 min");
    options.put("execution.checkpointing.min-pause", "10 min");
    JobClient job = start(options);
    Awaitility.await().atMost(PATIENCE).until(() -> topics.written() >= BEFORE);
    String made =
        job.stopWithSavepoint(
                false,
                folder.resolve("savepoints").toUri().toString(),
                SavepointFormatType.CANONICAL)
            .get();
    Path kept = KEPT.resolve(savepoint);
    Files.createDirectories(kept);
    Files.copy(
        Path.of(URI.create(made)).resolve("_metadata"),
        kept.resolve("_metadata"),
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static TestTopics topics(String savepoint) {
    return new TestTopics(kafka.bootstrapServers(), 2, savepoint + "-");
  }

  private Map<String, String> options(TestTopics topics, String savepoint) {
    Map<String, String> options = topics.options();
    options.put("pipeline.name", savepoint);
    if (savepoint.startsWith("store")) {
      options.put("image-embedding.store.address", storeAddress());
    }
    return options;
  }

  private String storeAddress() {
    return "lucene:" + folder.resolve("store");
  }

  private static JobClient start(Map<String, String> options) throws Exception {
    Configuration config = EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    EmbedImagesJob.build(env, config);
    return env.executeAsync(options.get("pipeline.name"));
  }
}
