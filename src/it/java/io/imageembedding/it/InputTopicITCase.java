// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.cli.Embed;
import io.imageembedding.flink.NoRestartException;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.kafka.InputMetrics;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.kafka.KafkaMessage;
import io.imageembedding.kafka.KafkaSetupException;
import io.imageembedding.kafka.KafkaTopics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of the input while topic and job change under each other; no model is involved. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InputTopicITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
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
  @CsvSource({"true, 2", "false, 2", "false, 3"})
  void aBoundedJobThatIsRestoredEndsWithEveryMessageOnce(boolean plainBefore, int parallelism)
      throws Exception {
    String name = "restored-" + plainBefore + parallelism;
    TestTopics topics = topics(name, 2);
    send(topics.images(), 0, 0, 3000);
    send(topics.images(), 1, 3000, 3300);
    Map<String, String> options = options(topics, name);
    options.put("image-embedding.kafka.input.bounded", "true");
    JobClient first = plainBefore ? runPlain(options) : run(options);
    awaitSeen(name, 100);
    String savepoint = stop(first);
    assertThat(seen(name)).hasSizeLessThan(3000);
    if (parallelism > 2) {
      topics.addPartitions(topics.images(), 3);
      send(topics.images(), 2, 3300, 3400);
    }

    options.put("execution.state-recovery.path", savepoint);
    options.put("parallelism.default", String.valueOf(parallelism));
    run(options).getJobExecutionResult().get(1, TimeUnit.MINUTES);

    assertThat(seen(name))
        .containsExactlyInAnyOrderElementsOf(ids(0, parallelism > 2 ? 3400 : 3300));
  }

  @Test
  void retentionThatOvertakesARunningJobFailsItWithBothOffsets() throws Exception {
    TestTopics topics = topics("overtaken", 1);
    send(topics.images(), 0, 0, 5000);
    JobClient client = run(slow(options(topics, "overtaken")));
    awaitSeen("overtaken", 20);
    deleteBefore(topics.images(), 0, 4500);

    assertThat(failure(client))
        .matches(
            "offsets of topic 'overtaken-images' are gone, partition 0: \\d+ is wanted, but the first"
                + " that is left is 4500; \\d+ messages were never read. image-embedding.kafka.input"
                + ".lost-messages=skip goes on with the first that is left");
  }

  @Test
  void retentionThatOvertakesARunningJobIsCountedWhereTheJobIsToGoOn() throws Exception {
    TestTopics topics = topics("skipping", 1);
    send(topics.images(), 0, 0, 5000);
    Map<String, String> options = slow(options(topics, "skipping"));
    options.put("image-embedding.kafka.input.lost-messages", "skip");
    options.put("image-embedding.kafka.input.bounded", "true");
    JobClient client = run(options);
    awaitSeen("skipping", 20);
    deleteBefore(topics.images(), 0, 4500);
    client.getJobExecutionResult().get(1, TimeUnit.MINUTES);

    assertThat(seen("skipping")).doesNotHaveDuplicates().containsAll(ids(4500, 5000));
    assertThat(TestingMetrics.counted("skipping", InputMetrics.MESSAGES_SKIPPED))
        .isPositive()
        .isEqualTo(5000 - seen("skipping").size());
  }

  @Test
  void retentionThatOvertakesAStoppedJobFailsTheRestoredOneAndIsCountedWhereItIsToGoOn()
      throws Exception {
    TestTopics topics = topics("away", 1);
    send(topics.images(), 0, 0, 100);
    Map<String, String> options = options(topics, "away");
    JobClient first = run(options);
    awaitSeen("away", 100);
    options.put("execution.state-recovery.path", stop(first));
    send(topics.images(), 0, 100, 500);
    deleteBefore(topics.images(), 0, 300);

    String gone = "partition 0: 100 is wanted, but the first that is left is 300; 200 messages";
    assertThatThrownBy(() -> KafkaTopics.of(config(options)).describeStart())
        .isInstanceOf(KafkaSetupException.class)
        .hasMessageContaining(gone);
    assertThat(failure(run(options))).contains(gone);

    options.put("image-embedding.kafka.input.lost-messages", "skip");
    JobClient goesOn = run(options);
    awaitSeen("away", 300);
    goesOn.cancel().get();
    assertThat(TestingMetrics.counted("away", InputMetrics.MESSAGES_SKIPPED)).isEqualTo(200);
    assertThat(seen("away"))
        .containsExactlyElementsOf(
            Stream.concat(ids(0, 100).stream(), ids(300, 500).stream()).toList());
  }

  @Test
  void theEndOfATransactionThatIsGoneIsNoLostMessage() throws Exception {
    TestTopics topics = topics("transactions", 1);
    sendInTransaction(topics.images(), 0, 100);
    Map<String, String> options = options(topics, "transactions");
    JobClient first = run(options);
    awaitSeen("transactions", 100);
    options.put("execution.state-recovery.path", stop(first));
    deleteBefore(topics.images(), 0, 101);
    send(topics.images(), 0, 100, 110);

    JobClient goesOn = run(options);
    awaitSeen("transactions", 110);
    stop(goesOn);
    options.remove("execution.state-recovery.path");
    assertThat(KafkaTopics.of(config(options)).describeStart())
        .contains("0 of its 10 messages are ahead");
    assertThat(seen("transactions")).containsExactlyElementsOf(ids(0, 110));
  }

  @Test
  void aTopicThatWasMadeAnewIsNotReadFromOffsetsOfTheOldOne() throws Exception {
    TestTopics topics = topics("anew", 1);
    send(topics.images(), 0, 0, 100);
    Map<String, String> options = options(topics, "anew");
    JobClient first = run(options);
    awaitSeen("anew", 100);
    options.put("execution.state-recovery.path", stop(first));
    delete(topics.images());
    topics.create(topics.images());
    send(topics.images(), 0, 200, 210);

    assertThat(failure(run(options)))
        .contains("partition 0: 100 is wanted, but the end is 10 (the first is 0)");
  }

  @Test
  void committedOffsetsThatAreGoneAreRefusedBeforeTheJobStartsAndFailIt() throws Exception {
    TestTopics topics = topics("committed", 1);
    send(topics.images(), 0, 0, 100);
    Map<String, String> options = options(topics, "committed");
    JobClient first = run(options);
    awaitSeen("committed", 100);
    stop(first);
    send(topics.images(), 0, 100, 500);
    deleteBefore(topics.images(), 0, 300);

    String gone = "partition 0: 100 is wanted, but the first that is left is 300; 200 messages";
    assertThatThrownBy(() -> KafkaTopics.of(config(options)).describeStart())
        .isInstanceOf(KafkaSetupException.class)
        .hasMessageContaining(gone);
    assertThat(failure(run(options))).contains(gone);

    options.put("image-embedding.kafka.input.lost-messages", "skip");
    options.put("image-embedding.kafka.input.bounded", "true");
    assertThat(KafkaTopics.of(config(options)).describeStart())
        .contains("200 of its 200 messages are ahead");
    run(options).getJobExecutionResult().get(1, TimeUnit.MINUTES);
    assertThat(TestingMetrics.counted("committed", InputMetrics.MESSAGES_SKIPPED)).isEqualTo(200);
    assertThat(seen("committed")).hasSize(300).containsAll(ids(300, 500));
  }

  @Test
  void anOlderCheckpointIsRestoredWithTheNumberOfMessagesThatAreAnsweredAgain() throws Exception {
    TestTopics topics = topics("older", 2);
    send(topics.images(), 0, 0, 50);
    Map<String, String> options = options(topics, "older");
    JobClient first = run(options);
    awaitSeen("older", 50);
    String older =
        first.triggerSavepoint(folder.toUri().toString(), SavepointFormatType.CANONICAL).get();
    send(topics.images(), 0, 50, 80);
    send(topics.images(), 1, 80, 90);
    awaitSeen("older", 90);
    String newest = stop(first);

    options.put("execution.state-recovery.path", newest);
    JobClient again = run(options);
    send(topics.images(), 0, 90, 91);
    awaitSeen("older", 91);
    stop(again);
    assertThat(TestingMetrics.counted("older", InputMetrics.MESSAGES_REPEATED)).isZero();

    options.put("execution.state-recovery.path", older);
    assertThat(KafkaTopics.of(config(options)).describeStart())
        .isEqualTo(
            "topic 'older-images' is read from where the restored state ends: 41 of its 91 messages"
                + " are ahead; 41 messages will be answered again, because consumer group 'older'"
                + " has committed more than the state has");
    JobClient repeating = run(options);
    awaitSeen("older", 91 + 41);
    repeating.cancel().get();
    assertThat(TestingMetrics.counted("older", InputMetrics.MESSAGES_REPEATED)).isEqualTo(41);
  }

  @Test
  void aStateOfAnotherTopicIsRefusedBeforeTheJobAndByItsTasks() throws Exception {
    TestTopics topics = topics("moved", 2);
    send(topics.images(), 0, 0, 10);
    Map<String, String> options = options(topics, "moved");
    JobClient first = run(options);
    awaitSeen("moved", 10);
    String state = stop(first);

    options.put("image-embedding.kafka.input.topic", topics("elsewhere", 2).images());
    options.put("execution.state-recovery.path", state);
    String message =
        "the state %s reads topic 'moved-images', but image-embedding.kafka.input.topic is"
            + " 'elsewhere-images', and both would be read; allowed: 'moved-images', or a start"
            + " without that state";
    assertThatThrownBy(() -> KafkaTopics.of(config(options)).check())
        .isInstanceOf(KafkaSetupException.class)
        .hasMessage(message.formatted(state));
    assertThat(failure(run(options))).isEqualTo(message.formatted("that is restored"));
  }

  @Test
  void partitionsThatAreAddedAreReadFromTheirBeginningOnce() throws Exception {
    TestTopics topics = topics("added", 1);
    send(topics.images(), 0, 0, 100);
    Map<String, String> options = options(topics, "added");
    options.put("image-embedding.kafka.input.start", "latest");
    options.put("image-embedding.kafka.properties.partition.discovery.interval.ms", "500");
    JobClient client = run(options);
    Awaitility.await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () -> {
              send(topics.images(), 0, 100, 101);
              return !seen("added").isEmpty();
            });
    seen("added").clear();
    topics.addPartitions(topics.images(), 3);
    send(topics.images(), 1, 200, 300);
    send(topics.images(), 2, 300, 400);
    awaitSeen("added", ids(200, 400));
    options.put("execution.state-recovery.path", stop(client));
    JobClient goesOn = run(options);
    send(topics.images(), 1, 400, 401);
    awaitSeen("added", ids(400, 401));
    stop(goesOn);

    assertThat(seen("added").stream().filter(id -> !id.equals(id(100))))
        .containsExactlyInAnyOrderElementsOf(ids(200, 401));
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void aTopicThatIsGoneFailsTheJobByItsName(boolean bounded) throws Exception {
    String name = bounded ? "gone-bounded" : "gone";
    TestTopics topics = topics(name, 2);
    send(topics.images(), 0, 0, 5000);
    Map<String, String> options = slow(options(topics, name));
    options.put("image-embedding.kafka.input.bounded", String.valueOf(bounded));
    options.put("image-embedding.kafka.properties.partition.discovery.interval.ms", "500");
    JobClient client = run(options);
    awaitSeen(name, 20);
    delete(topics.images());

    assertThat(failure(client)).isEqualTo("topic '" + name + "-images' does not exist any more");
  }

  @Test
  void whereAJobBeginsIsSaidToThePersonWhoStartsItAndNothingIsNotSilent() throws Exception {
    TestTopics topics = topics("begins", 2);
    topics.publish(0, 20, 1000);
    Map<String, String> options = options(topics, "begins");
    options.put("image-embedding.kafka.input.bounded", "true");
    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    options.put("execution.checkpointing.dir", folder.resolve("kept").toUri().toString());
    assertThat(KafkaTopics.of(config(options)).describeStart())
        .isEqualTo(
            "topic 'begins-images' is read from the beginning, because consumer group 'begins' has"
                + " committed nothing: 20 of its 20 messages are ahead");
    run(options).getJobExecutionResult().get(1, TimeUnit.MINUTES);

    List<String> arguments = new ArrayList<>(List.of("job"));
    options.forEach((key, value) -> arguments.addAll(List.of("-D", key + "=" + value)));
    Ended ended =
        JavaProcess.run(
            folder, Map.of(), JavaProcess.command(Embed.class, arguments).toArray(String[]::new));

    assertThat(ended.exitCode()).as(ended.err()).isZero();
    assertThat(ended.err())
        .contains(
            "topic 'begins-images' is read from where consumer group 'begins' committed last: 0 of"
                + " its 20 messages are ahead, so there is nothing to do;"
                + " image-embedding.kafka.input.start=earliest reads all of them");
  }

  /** What a person is told of a job that fails for good, although it may restart. */
  private static String failure(JobClient client) {
    Throwable failure =
        catchThrowable(() -> client.getJobExecutionResult().get(1, TimeUnit.MINUTES));
    assertThat(failure).isInstanceOf(ExecutionException.class);
    return ExceptionUtils.findThrowable(failure, NoRestartException.class)
        .orElseThrow(() -> new AssertionError("another failure", failure))
        .getMessage();
  }

  private static TestTopics topics(String name, int partitions) {
    return new TestTopics(kafka.bootstrapServers(), partitions, name + "-");
  }

  private static Map<String, String> options(TestTopics topics, String name) {
    Map<String, String> options = topics.options();
    options.put("pipeline.name", name);
    options.put("execution.checkpointing.interval", "300 ms");
    options.put("restart-strategy.type", "fixed-delay");
    options.put("restart-strategy.fixed-delay.attempts", "1000");
    options.put("restart-strategy.fixed-delay.delay", "100 ms");
    options.putAll(TestingMetrics.options());
    return options;
  }

  /** So that little of what the topic has is fetched ahead. */
  private static Map<String, String> slow(Map<String, String> options) {
    options.put("image-embedding.kafka.properties.max.partition.fetch.bytes", "2000");
    options.put("image-embedding.kafka.properties.max.poll.records", "10");
    return options;
  }

  private static Configuration config(Map<String, String> options) {
    return EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
  }

  private static JobClient run(Map<String, String> options) throws Exception {
    Configuration config = config(options);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    return collect(env, KafkaTopics.of(config).read(env), options);
  }

  /** The same job with the connector's own source, whose state ours must be able to go on from. */
  @SuppressWarnings("deprecation")
  private static JobClient runPlain(Map<String, String> options) throws Exception {
    Configuration config = config(options);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    KafkaSource<String> source =
        KafkaSource.<String>builder()
            .setBootstrapServers(kafka.bootstrapServers())
            .setTopics(options.get("image-embedding.kafka.input.topic"))
            .setGroupId(options.get("pipeline.name"))
            .setStartingOffsets(OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST))
            .setBounded(OffsetsInitializer.latest())
            .setDeserializer(KafkaRecordDeserializationSchema.valueOnly(StringDeserializer.class))
            .build();
    DataStream<KafkaMessage> messages =
        env.fromSource(source, WatermarkStrategy.noWatermarks(), "images")
            .uid("images")
            .map(
                value ->
                    new KafkaMessage(
                        value.getBytes(StandardCharsets.UTF_8), null, List.of(), "", 0, 0, 0))
            .returns(KafkaMessage.typeInformation());
    return collect(env, messages, options);
  }

  private static JobClient collect(
      StreamExecutionEnvironment env,
      DataStream<KafkaMessage> messages,
      Map<String, String> options)
      throws Exception {
    messages
        .map(new Collecting(options.get("pipeline.name")))
        .returns(Types.STRING)
        .uid("collect")
        .sinkTo(new DiscardingSink<>());
    return env.executeAsync(options.get("pipeline.name"));
  }

  /** Tried again, because it is refused until every subtask runs. */
  private String stop(JobClient client) {
    AtomicReference<String> savepoint = new AtomicReference<>();
    Awaitility.await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () -> {
              savepoint.set(
                  client
                      .stopWithSavepoint(
                          false, folder.toUri().toString(), SavepointFormatType.CANONICAL)
                      .get());
              return true;
            });
    return savepoint.get();
  }

  private static Queue<String> seen(String name) {
    return Collecting.SEEN.computeIfAbsent(name, n -> new ConcurrentLinkedQueue<>());
  }

  private static void awaitSeen(String name, int count) {
    Awaitility.await().atMost(PATIENCE).until(() -> seen(name).size() >= count);
  }

  private static void awaitSeen(String name, List<String> ids) {
    Awaitility.await().atMost(PATIENCE).until(() -> seen(name).containsAll(ids));
  }

  private static Properties properties() {
    return KafkaClientProperties.of(kafka.bootstrapServers(), "", Map.of());
  }

  /** Messages whose keys and values begin with their number, 300 bytes each. */
  private static void send(String topic, int partition, int from, int to) throws Exception {
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(properties(), new StringSerializer(), new ByteArraySerializer())) {

      for (int i = from; i < to; i++) {
        producer.send(
            new ProducerRecord<>(topic, partition, id(i), id(i).getBytes(StandardCharsets.UTF_8)));
      }
    }
  }

  private static void sendInTransaction(String topic, int from, int to) {
    Properties properties = properties();
    properties.setProperty("transactional.id", topic);
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(properties, new StringSerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      for (int i = from; i < to; i++) {
        producer.send(new ProducerRecord<>(topic, 0, id(i), new byte[1]));
      }
      producer.commitTransaction();
    }
  }

  private static void delete(String topic) throws Exception {
    try (Admin admin = Admin.create(properties())) {
      admin.deleteTopics(List.of(topic)).all().get();
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> !admin.listTopics().names().get().contains(topic));
    }
  }

  private static void deleteBefore(String topic, int partition, long offset) throws Exception {
    try (Admin admin = Admin.create(properties())) {
      admin
          .deleteRecords(
              Map.of(new TopicPartition(topic, partition), RecordsToDelete.beforeOffset(offset)))
          .all()
          .get();
    }
  }

  private static String id(int number) {
    return "message-" + number;
  }

  private static List<String> ids(int from, int to) {
    return IntStream.range(from, to).mapToObj(InputTopicITCase::id).toList();
  }

  /** Keeps the keys of what passes, at about a message a millisecond. */
  private static final class Collecting implements MapFunction<KafkaMessage, String> {
    private static final long serialVersionUID = 1L;
    private static final Map<String, Queue<String>> SEEN = new ConcurrentHashMap<>();
    private final String name;

    Collecting(String name) {
      this.name = name;
    }

    @Override
    public String map(KafkaMessage message) {
      LockSupport.parkNanos(1_000_000);
      String id = new String(message.key(), StandardCharsets.UTF_8);
      seen(name).add(id);
      return id;
    }
  }
}
