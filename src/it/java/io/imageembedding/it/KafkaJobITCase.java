// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.flink.ImageEmbedding;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.kafka.KafkaMessage;
import io.imageembedding.kafka.KafkaTopics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KafkaJobITCase {
  @TempDir Path folder;
  private EmbeddedKafka kafka;
  private TestTopics topics;

  @BeforeEach
  void start() throws IOException {
    kafka = EmbeddedKafka.start();
    topics = new TestTopics(kafka.bootstrapServers(), 4);
  }

  @AfterEach
  void stop() {
    kafka.close();
  }

  @Test
  void everyIdComesOutOnceThoughTheJobFailsInMidStream() throws Exception {
    topics.publish(0, 2000, 50);
    Map<String, String> options = topics.options();
    options.put("pipeline.name", "fails in mid-stream");
    options.put("pipeline.object-reuse", "true");
    options.put("execution.checkpointing.unaligned.enabled", "true");
    options.put("restart-strategy.type", "fixed-delay");
    options.put("restart-strategy.fixed-delay.attempts", "3");
    options.put("restart-strategy.fixed-delay.delay", "100 ms");
    options.put("image-embedding.kafka.input.bounded", "true");
    Configuration config = config(options);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    KafkaTopics jobTopics = KafkaTopics.of(config);
    ImageEmbedding<KafkaMessage> embedding =
        ImageEmbedding.of(jobTopics.extractor()).options(config);
    FailingAfterCheckpoint.reset();
    DataStream<KafkaMessage> failing =
        jobTopics
            .read(env)
            .map(new FailingAfterCheckpoint())
            .returns(KafkaMessage.typeInformation());
    jobTopics.write(embedding.embed(failing));

    env.execute();

    assertThat(FailingAfterCheckpoint.failures()).isEqualTo(2);
    assertThat(topics.answeredIds()).containsExactlyInAnyOrderElementsOf(ids(2000));
    assertThat(topics.committed(TestTopics.DEAD_LETTERS)).hasSize(40);
  }

  @Test
  void aJobThatWasStoppedWithASavepointGoesOnWhereItWas() throws Exception {
    topics.publish(0, 400, 50);
    Map<String, String> options = topics.options();
    options.put("pipeline.name", "stopped with a savepoint");
    JobClient client = submit(options);
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> topics.committed(TestTopics.EMBEDDINGS).size() > 20);
    String savepoint =
        client
            .stopWithSavepoint(false, folder.toUri().toString(), SavepointFormatType.CANONICAL)
            .get();
    topics.publish(400, 500, 50);

    options.put("execution.state-recovery.path", savepoint);
    JobClient goesOn = submit(options);
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> topics.answeredIds().size() >= 500);
    goesOn.cancel().get();

    assertThat(topics.answeredIds()).containsExactlyInAnyOrderElementsOf(ids(500));
  }

  @Test
  void orderIsKeptWithinAPartitionAndKeysStayWithTheirPartition() throws Exception {
    topics.publish(0, 300, 1000);
    Map<String, String> options = topics.options();
    options.put("pipeline.name", "keeps order");
    options.put("image-embedding.kafka.input.bounded", "true");
    submit(options).getJobExecutionResult().get();

    Map<String, Integer> partitions = new HashMap<>();
    topics
        .committed(TestTopics.IMAGES)
        .forEach(record -> partitions.put(key(record), record.partition()));
    Map<Integer, Integer> last = new HashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : topics.committed(TestTopics.EMBEDDINGS)) {
      assertThat(record.partition()).isEqualTo(partitions.get(key(record)));
      int number = Integer.parseInt(key(record).replace("image-", ""));
      assertThat(number).isGreaterThan(last.getOrDefault(record.partition(), -1));
      last.put(record.partition(), number);
    }
    assertThat(last).hasSize(4);
  }

  private static String key(ConsumerRecord<byte[], byte[]> record) {
    return new String(record.key(), StandardCharsets.UTF_8);
  }

  private static List<String> ids(int count) {
    return IntStream.range(0, count).mapToObj(TestTopics::id).toList();
  }

  private static Configuration config(Map<String, String> options) {
    return EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
  }

  private static JobClient submit(Map<String, String> options) throws Exception {
    Configuration config = config(options);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    EmbedImagesJob.build(env, config);
    return env.executeAsync();
  }

  /** Fails twice, each time after a checkpoint has been completed and more has been read. */
  private static final class FailingAfterCheckpoint
      implements MapFunction<KafkaMessage, KafkaMessage>, CheckpointListener {
    private static final long serialVersionUID = 1L;
    private static final AtomicInteger FAILURES = new AtomicInteger();
    private transient boolean checkpointed;
    private transient int since;

    static void reset() {
      FAILURES.set(0);
    }

    static int failures() {
      return FAILURES.get();
    }

    @Override
    public KafkaMessage map(KafkaMessage message) {
      if (checkpointed && ++since == 40 && FAILURES.get() < 2) {
        FAILURES.incrementAndGet();
        throw new IllegalStateException("failure in mid-stream, on purpose");
      }
      return message;
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
      checkpointed = true;
    }
  }
}
