// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.cli.Embed;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.jobs.RecordVectors;
import io.imageembedding.schema.EmbeddingReader;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.postgres.TestingPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A job that feeds a PostgreSQL, which is lost under load, and later restored from a backup. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PostgresITCase {
  private static final int NONE_BROKEN = 1_000_000;
  private static final String TABLE = "?table=photos";

  private static final String NAME = "photos";
  private static final int PARTITIONS = 4;

  @TempDir Path folder;

  @Test
  void everyIdIsOnceAndNewestAfterAFailoverAndAfterARestoreThatTheTopicHeals() throws Exception {
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (BrokerProcess broker = BrokerProcess.start(folder.resolve("broker.log"));
        TestingPostgres primary = TestingPostgres.start()) {
      TestTopics topics = new TestTopics(broker.bootstrapServers(), PARTITIONS);
      Map<String, String> options = topics.options();
      options.put("pipeline.name", NAME);
      options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
      options.put("image-embedding.kafka.input.bounded", "true");
      options.put("image-embedding.store.address", primary.address() + TABLE);
      options.put("image-embedding.store.batch.max-count", "10");
      topics.publish(1, 301, NONE_BROKEN);
      run(options);
      commitAll(broker.bootstrapServers(), NAME);
      primary.backUp();

      try (TestingPostgres standby = primary.standby()) {
        String both = primary.addressWith(standby) + TABLE;
        options.put("image-embedding.store.address", both);
        topics.publish(200, 1400, 100);
        Future<?> running =
            thread.submit(
                () -> {
                  run(options);
                  return null;
                });
        try (VectorStore store = VectorStore.open(both, OpenMode.read())) {
          Awaitility.await()
              .atMost(Duration.ofMinutes(2))
              .pollInterval(Duration.ofMillis(20))
              .until(() -> store.describe().count() > 350 || running.isDone());
        }
        assertThat(running.isDone()).as("ended before the server was lost").isFalse();
        primary.kill();
        standby.promote();
        running.get(3, TimeUnit.MINUTES);
        assertThat(topics.committed(topics.embeddings())).hasSize(300 + 1200 - 12);
        assertNewestOfTopic(topics, both);
      }

      primary.restore();
      String restored = primary.address() + TABLE;
      try (VectorStore store = VectorStore.open(restored, OpenMode.read())) {
        assertThat(store.describe().count()).isEqualTo(300);
      }
      Ended healed =
          JavaProcess.run(
              folder,
              Map.of(),
              JavaProcess.command(
                      Embed.class,
                      List.of(
                          "index",
                          "--topic",
                          topics.embeddings(),
                          "--bootstrap-servers=" + broker.bootstrapServers(),
                          "--store",
                          restored))
                  .toArray(String[]::new));
      assertThat(healed.exitCode()).as(healed.err()).isZero();
      assertNewestOfTopic(topics, restored);
    } finally {
      thread.shutdownNow();
    }
  }

  /**
   * What a bounded job commits to its group at its very end can be lost with the job, and then the
   * next one answers the last images again. That is not what this is about.
   */
  private static void commitAll(String servers, String group) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
      Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
      for (int partition = 0; partition < PARTITIONS; partition++) {
        latest.put(new TopicPartition(TestTopics.IMAGES, partition), OffsetSpec.latest());
      }
      Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
      admin
          .listOffsets(latest)
          .all()
          .get()
          .forEach((partition, end) -> ends.put(partition, new OffsetAndMetadata(end.offset())));
      admin.alterConsumerGroupOffsets(group, ends).all().get();
    }
  }

  private static void run(Map<String, String> options) throws Exception {
    Configuration config = EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    EmbedImagesJob.build(env, config);
    env.execute();
  }

  private static void assertNewestOfTopic(TestTopics topics, String address) throws Exception {
    Map<String, StoredVector> newest = new HashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : topics.committed(topics.embeddings())) {
      newest.put(
          new String(record.key(), UTF_8),
          RecordVectors.of(new EmbeddingReader(WireFormat.AVRO, null).read(record.value())));
    }
    try (VectorStore store = VectorStore.open(address, OpenMode.read())) {
      assertThat(store.scan(null, 10_000)).containsExactlyInAnyOrderElementsOf(newest.values());
    }
  }
}
