// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.Embedded;
import io.imageembedding.flink.NoRestartException;
import io.imageembedding.it.TestingMetrics;
import io.imageembedding.kafka.KafkaOptions.LostTransactions;
import io.imageembedding.kafka.TestingSinkTask.State;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraphHasherV2;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TransactionalIdsITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Idle ones, and as many busy ones. */
  private static final int CHECKPOINTS = 15;

  /** Two sinks, two subtasks, three transactional ids of each. */
  private static final int MOST_IDS = 2 * 2 * 3;

  /** Left open by a task of a job named 'older', before a task of that name was restored. */
  private static final String LEFT = "older-1-4711";

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

  @Test
  void idsOnTheBrokerDoNotGrowWithCheckpoints() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "bounded");
    JobClient job = refuseAll(topics.options("bounded", checkpointsKept()));
    awaitCheckpoint(CHECKPOINTS);
    assertThat(topics.transactions("bounded")).hasSizeBetween(1, MOST_IDS);

    int sent = 0;
    while (newestCheckpoint() < 2 * CHECKPOINTS) {
      topics.send(sent, sent += 20);
    }
    int all = sent;
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> topics.committed(topics.deadLetters()).size() >= all);
    job.cancel().get();

    assertThat(topics.transactions("bounded")).hasSizeBetween(1, MOST_IDS);
    assertThat(topics.committed(topics.deadLetters()))
        .containsExactlyInAnyOrderElementsOf(numbers(all));
  }

  /**
   * A task takes the lowest number that is not in use. In use are the transaction that it writes
   * to, the one of the last complete checkpoint, and one for each checkpoint since; nothing else
   * is, after whatever number of deaths.
   */
  @Test
  void idsOfAttemptsThatDiedAreUsedAgain() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "deaths");
    int incomplete = 2;
    List<String> complete = new ArrayList<>();
    State state = null;
    long checkpoint = 0;
    for (int death = 0; death < 6; death++) {
      try (TestingSinkTask task = new TestingSinkTask(settings(topics, "deaths"), state)) {
        complete.add("complete-" + death);
        task.write(complete.get(death));
        state = task.checkpoint(++checkpoint);
        task.complete(checkpoint);
        for (int i = 0; i < incomplete; i++) {
          task.write("incomplete-" + death + "-" + i);
          State ignored = task.checkpoint(++checkpoint);
        }
        task.write("open-" + death);
      }
    }

    assertThat(topics.transactions("deaths/")).hasSizeBetween(1, 2 + incomplete);
    new TestingSinkTask(settings(topics, "deaths"), state).close();
    assertThat(topics.committed(topics.output())).containsExactlyInAnyOrderElementsOf(complete);
  }

  @Test
  void aSavepointMadeWithIncrementingIdsGoesOn() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "older");
    Configuration config = topics.options("older", checkpointsKept());
    KafkaSink<OutgoingMessage> older =
        KafkaSink.<OutgoingMessage>builder()
            .setKafkaProducerConfig(settings(topics, "older").producer())
            .setRecordSerializer(new MessageSerializer(topics.output()))
            .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
            .setTransactionalIdPrefix("older")
            .setTransactionNamingStrategy(TransactionNamingStrategy.INCREMENTING)
            .build();
    TestingCopyJob job = TestingCopyJob.start(config, older);
    topics.send(0, 200);
    awaitCheckpoint(3);
    topics.send(200, 400);
    // Not the job's end: its committables are still pre-committed in the savepoint.
    String savepoint = job.savepoint(folder.resolve("savepoints").toUri().toString());
    job.cancel();
    assertThat(topics.transactions("older-")).hasSizeGreaterThan(MOST_IDS / 2);
    String uploader = "older-uploader";
    try (KafkaProducer<byte[], byte[]> open = topics.openTransaction(uploader, uploader);
        KafkaProducer<byte[], byte[]> neighbour =
            topics.openTransaction("older-b-0-7", "older-b-0-7");
        KafkaProducer<byte[], byte[]> left = topics.openTransaction(LEFT, LEFT)) {
      topics.send(400, 600);
      config.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
      TestingCopyJob goesOn = TestingCopyJob.start(topics, config);
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> !topics.transactions("older/").isEmpty() && isAborted(topics, LEFT));
      open.commitTransaction();
      neighbour.commitTransaction();
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> topics.committed(topics.output()).size() >= 602);
      goesOn.cancel();
    }

    List<String> all = new ArrayList<>(numbers(600));
    all.addAll(List.of(uploader, "older-b-0-7"));
    assertThat(topics.committed(topics.output())).containsExactlyInAnyOrderElementsOf(all);
  }

  @Test
  void transactionsThatTheJobAbortsAreCountedOverItsRestarts() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "aborted");
    Map<String, String> more = new HashMap<>(TestingTopics.noCheckpoints());
    more.putAll(TestingMetrics.options());
    Configuration options = topics.options("aborted", more);
    topics.openTransaction("aborted/embeddings/-1-7", "left").close(Duration.ZERO);
    TestingCopyJob first = TestingCopyJob.start(topics, options);
    Awaitility.await().atMost(PATIENCE).until(() -> aborted() == 1);
    topics.send(0, 100);
    Awaitility.await().atMost(PATIENCE).until(() -> topics.written() > 100);
    first.cancel();

    // Metrics of a task are gone when it has aborted; those of the next one have it.
    TestingCopyJob second = TestingCopyJob.start(topics, options);
    Awaitility.await().atMost(PATIENCE).until(() -> second.starts() == 4 && aborted() == 3);
    second.cancel();
    assertThat(aborted()).isEqualTo(3);
  }

  private static long aborted() {
    return TestingMetrics.counted("aborted", KafkaSinkMetrics.TRANSACTIONS_ABORTED);
  }

  @Test
  void aSavepointGoesOnUnderAnotherPrefix() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "moved");
    Configuration options = topics.options("moved", TestingTopics.noCheckpoints());
    JobClient job = refuseAll(options);
    topics.send(0, 100);
    Awaitility.await().atMost(PATIENCE).until(() -> topics.written(topics.deadLetters()) >= 100);
    // Not the job's end: its transactions are pre-committed, and nobody commits them but who
    // restores.
    String savepoint =
        job.triggerSavepoint(
                folder.resolve("savepoints").toUri().toString(), SavepointFormatType.CANONICAL)
            .get();
    job.cancel().get();
    assertThat(topics.committed(topics.deadLetters())).isEmpty();

    String left = "moved/dead-letters/-1-4711";
    String neighbours = "moved/uploads/-0-0";
    try (KafkaProducer<byte[], byte[]> killed = topics.openTransaction(left, left);
        KafkaProducer<byte[], byte[]> neighbour = topics.openTransaction(neighbours, neighbours)) {
      options.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
      options.setString("image-embedding.kafka.transactional-id-prefix", "chosen");
      options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(200));
      options.removeConfig(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS);
      JobClient goesOn = refuseAll(options);
      topics.send(100, 200);
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> topics.committed(topics.deadLetters()).size() >= 200);
      goesOn.cancel().get();

      assertThat(topics.transactions("chosen/dead-letters/-")).isNotEmpty();
      assertThat(topics.transactions("chosen/embeddings/-")).isNotEmpty();
      assertThat(topics.transactions("moved/"))
          .filteredOn(each -> each.state() == TransactionState.ONGOING)
          .extracting(TransactionListing::transactionalId)
          .containsExactly(neighbours);
      neighbour.commitTransaction();
    }
    assertThat(topics.committed(topics.deadLetters()))
        .containsExactlyInAnyOrderElementsOf(numbers(200));
  }

  @Test
  void aStateIsNotRestoredWhileTheJobThatItIsOfWrites() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "lives");
    State state;
    try (TestingSinkTask task = new TestingSinkTask(settings(topics, "lives"), null)) {
      task.write("one");
      state = task.checkpoint(1);
      task.complete(1);
    }
    Configuration options =
        topics.options(
            "another",
            Map.of(
                StateRecoveryOptions.SAVEPOINT_PATH.key(),
                saved(state, 1),
                "image-embedding.kafka.transactional-id-prefix",
                "green"));
    String id = "lives/embeddings/-0-4711";
    ScheduledExecutorService sending = Executors.newSingleThreadScheduledExecutor();
    try (KafkaProducer<byte[], byte[]> writer = topics.openTransaction(id, id)) {
      sending.scheduleWithFixedDelay(
          () -> writer.send(new ProducerRecord<>(topics.output(), new byte[1])),
          0,
          50,
          TimeUnit.MILLISECONDS);
      assertThatThrownBy(() -> KafkaTopics.of(options).check())
          .isInstanceOf(KafkaSetupException.class)
          .hasMessage(
              "the job whose state is to be restored is writing now, with transaction '"
                  + id
                  + "'; needed: that job stopped, or a start without its state");

      sending.shutdownNow();
      assertThat(sending.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
      KafkaTopics.of(options).check();
    } finally {
      sending.shutdownNow();
    }
  }

  @Test
  void jobsWhoseNamesBeginAlikeLeaveEachOtherAlone() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "alike");
    try (TestingSinkTask longer = new TestingSinkTask(settings(topics, "photos-b"), null);
        KafkaProducer<byte[], byte[]> foreign =
            topics.openTransaction("photos-uploader", "photos-uploader")) {
      longer.write("of photos-b");
      longer.checkpoint(1);
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> topics.transactions("photos-b/").get(0).state() == TransactionState.ONGOING);

      try (TestingSinkTask shorter = new TestingSinkTask(settings(topics, "photos"), null)) {
        shorter.write("of photos");
        shorter.checkpoint(1);
        shorter.complete(1);
      }
      longer.complete(1);
      foreign.commitTransaction();
    }

    assertThat(topics.committed(topics.output()))
        .containsExactlyInAnyOrder("of photos-b", "of photos", "photos-uploader");
  }

  @Test
  void idsOfOthersThatBeginLikeOursFailNoStart() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "strange");
    Map<String, KafkaProducer<byte[], byte[]>> others = new HashMap<>();
    for (String end : List.of("uploader", "-", "-0", "-a-b", "-0-b", "--1-0", "-99999999999-0")) {
      String id = "strange/embeddings/" + end;
      others.put(id, topics.openTransaction(id, id));
    }
    ScheduledExecutorService sending = Executors.newSingleThreadScheduledExecutor();
    try {
      sending.scheduleWithFixedDelay(
          () ->
              others.forEach(
                  (id, producer) ->
                      producer.send(new ProducerRecord<>(topics.output(), new byte[1]))),
          0,
          50,
          TimeUnit.MILLISECONDS);
      SameName.refuse(
          topics.clients(), "strange", List.of(), List.of(topics.output()), Duration.ofSeconds(5));
    } finally {
      sending.shutdownNow();
      assertThat(sending.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }

    try (TestingSinkTask task = new TestingSinkTask(settings(topics, "strange"), null)) {
      task.write("ours");
      task.checkpoint(1);
      task.complete(1);
    }
    for (KafkaProducer<byte[], byte[]> other : others.values()) {
      other.commitTransaction();
      other.close();
    }

    assertThat(topics.committed(topics.output())).contains("ours").containsAll(others.keySet());
  }

  @Test
  void aJobGoesOnWhenTheEpochsOfItsProducersHaveRunOut() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "rolled");
    Configuration options = topics.options("rolled", TestingTopics.noCheckpoints());
    TestingCopyJob job = TestingCopyJob.start(topics, options);
    topics.send(0, 100);
    Awaitility.await().atMost(PATIENCE).until(() -> topics.written() >= 100);
    String savepoints = folder.resolve("savepoints").toUri().toString();
    String preCommitted = job.savepoint(savepoints);
    Map<String, Long> before = producers(topics, TransactionState.ONGOING);
    assertThat(before).isNotEmpty();
    String stopped =
        job.client().stopWithSavepoint(false, savepoints, SavepointFormatType.CANONICAL).get();
    TestingCoordinator coordinator = new TestingCoordinator(kafka);
    for (TransactionListing each : topics.transactions("rolled/")) {
      coordinator.leaveEpochs(each.transactionalId(), 6);
    }

    options.set(StateRecoveryOptions.SAVEPOINT_PATH, stopped);
    options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(100));
    options.removeConfig(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS);
    TestingCopyJob rolling = TestingCopyJob.start(topics, options);
    int sent = 100;
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!haveRolledOver(topics, before) && System.nanoTime() - deadline < 0) {
      topics.send(sent, sent += 20);
    }
    assertThat(haveRolledOver(topics, before)).isTrue();
    int all = sent;
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> topics.committed(topics.output()).size() >= all);
    rolling.cancel();
    assertThat(topics.committed(topics.output())).containsExactlyInAnyOrderElementsOf(numbers(all));

    // What this state is to commit has been committed, by producers that nobody knows any more.
    options.set(StateRecoveryOptions.SAVEPOINT_PATH, preCommitted);
    TestingCopyJob restored = TestingCopyJob.start(topics, options);
    topics.send(all, all + 100);
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> topics.committed(topics.output()).contains(String.valueOf(all + 99)));
    restored.cancel();
    List<String> firstOnes =
        topics.committed(topics.output()).stream()
            .filter(key -> Integer.parseInt(key) < 100)
            .toList();
    assertThat(firstOnes).containsExactlyInAnyOrderElementsOf(numbers(100));
  }

  private static Map<String, Long> producers(TestingTopics topics, TransactionState state)
      throws Exception {
    return topics.transactions("rolled/").stream()
        .filter(each -> each.state() == state)
        .collect(
            Collectors.toMap(TransactionListing::transactionalId, TransactionListing::producerId));
  }

  private static boolean haveRolledOver(TestingTopics topics, Map<String, Long> before)
      throws Exception {
    return topics.transactions("rolled/").stream()
        .filter(each -> before.containsKey(each.transactionalId()))
        .allMatch(each -> each.producerId() != before.get(each.transactionalId()));
  }

  @Test
  void aStateWhereSubtasksHadFinishedIsNotSpreadOverMore() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "finished");
    SinkSettings settings = settings(topics, "finished");
    State state;
    try (TestingSinkTask second = new TestingSinkTask(settings, null, 2, 1)) {
      second.write("kept");
      state = second.checkpoint(1);
    }

    assertThatThrownBy(() -> new TestingSinkTask(settings, state, 4, 0).close())
        .isInstanceOf(NoRestartException.class)
        .hasMessage(
            "some subtasks had finished when this state was taken, so that parallelism 4 would"
                + " have two subtasks with the same transactional ids; allowed: restore with"
                + " parallelism 1 to 2");

    String path = saved(state, 2);
    assertThatThrownBy(
            () ->
                new GuardedKafkaSink(settings).requireRestorable(path, SinkSettings.EMBEDDINGS, 4))
        .isInstanceOf(KafkaSetupException.class)
        .hasMessageStartingWith(path + " cannot be restored: some subtasks had finished ")
        .hasMessageEndingWith("allowed: restore with parallelism 1 to 2");
    new GuardedKafkaSink(settings).requireRestorable(path, SinkSettings.EMBEDDINGS, 2);

    new TestingSinkTask(settings, state, 2, 0).close();
    assertThat(topics.committed(topics.output())).containsExactly("kept");
  }

  @Test
  void noClientOutlivesTheStartOfATask() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "threads");
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    try (TestingSinkTask task = new TestingSinkTask(settings(topics, "threads"), null)) {
      task.write("one");
    }

    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> !before.contains(thread))
                    .noneMatch(thread -> thread.getName().startsWith("kafka-admin-client-thread")));
  }

  /** Puts what the last of so many subtasks has into a checkpoint, whose path it gives. */
  private String saved(State state, int subtasks) throws IOException {
    OperatorState sink =
        new OperatorState(
            null,
            SinkSettings.EMBEDDINGS,
            new OperatorID(StreamGraphHasherV2.generateUserSpecifiedHash(SinkSettings.EMBEDDINGS)),
            subtasks,
            128);
    sink.putState(subtasks - 1, state.writer());
    try (OutputStream out = Files.newOutputStream(folder.resolve("_metadata"))) {
      Checkpoints.storeCheckpointMetadata(new CheckpointMetadata(1, List.of(sink), List.of()), out);
    }
    return folder.toUri().toString();
  }

  private static boolean isAborted(TestingTopics topics, String id) throws Exception {
    return topics.transactions(id).get(0).state() != TransactionState.ONGOING;
  }

  private static SinkSettings settings(TestingTopics topics, String job) {
    return new SinkSettings(
        job,
        SinkSettings.EMBEDDINGS,
        topics.output(),
        DeliveryGuarantee.EXACTLY_ONCE,
        Duration.ofMinutes(5),
        LostTransactions.FAIL,
        topics.clients(),
        false);
  }

  /** Runs a job that answers every message with a dead letter. */
  private static JobClient refuseAll(Configuration config) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    KafkaTopics topics = KafkaTopics.of(config);
    DataStream<Embedded<KafkaMessage>> answers =
        topics
            .read(env)
            .map(
                message ->
                    new Embedded<>(message, new Refusal(Refusal.Stage.IMAGE, "EMPTY", "none")))
            .returns(Embedded.typeInformation(KafkaMessage.typeInformation()));
    topics.write(answers);
    return env.executeAsync(config.get(PipelineOptions.NAME));
  }

  private Map<String, String> checkpointsKept() {
    return Map.of("execution.checkpointing.dir", folder.toUri().toString());
  }

  private void awaitCheckpoint(int number) {
    Awaitility.await().atMost(PATIENCE).until(() -> newestCheckpoint() >= number);
  }

  private int newestCheckpoint() throws IOException {
    try (Stream<Path> files = Files.walk(folder, 2)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.startsWith("chk-"))
          .mapToInt(file -> Integer.parseInt(file.substring(4)))
          .max()
          .orElse(0);
    }
  }

  private static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(String::valueOf).toList();
  }
}
