// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.flink.NoRestartException;
import io.imageembedding.it.TestingMetrics;
import io.imageembedding.kafka.KafkaOptions.LostTransactions;
import io.imageembedding.kafka.TestingSinkTask.State;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;
import org.apache.kafka.common.utils.Utils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TransactionFatesITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofSeconds(1);
  private static final Duration LONG = Duration.ofMinutes(5);

  private static final Map<String, String> WATCHFUL =
      Map.of("transaction.abort.timed.out.transaction.cleanup.interval.ms", "200");

  @TempDir Path folder;

  private static EmbeddedKafka kafka;

  /** Forgets transactional ids soon. */
  private static EmbeddedKafka forgetful;

  @BeforeAll
  static void start() throws IOException {
    kafka = EmbeddedKafka.start(WATCHFUL);
    Map<String, String> settings = new HashMap<>(WATCHFUL);
    settings.put("transactional.id.expiration.ms", "3000");
    settings.put("transaction.remove.expired.transaction.cleanup.interval.ms", "200");
    forgetful = EmbeddedKafka.start(settings);
  }

  @AfterAll
  static void stop() {
    kafka.close();
    forgetful.close();
  }

  @Test
  void aTransactionThatTimedOutBeforeItsCommitFailsTheJobForGood() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "timed-out");
    SinkSettings settings = settings(topics, SHORT, LostTransactions.FAIL);
    State state = preCommitted(settings, "lost");
    await(topics, TransactionState.COMPLETE_ABORT);

    assertThatThrownBy(() -> new TestingSinkTask(settings, state).close())
        .isInstanceOf(NoRestartException.class)
        .hasMessage(
            "transaction 'timed-out/embeddings/-0-0' (producer %d, epoch 0) with messages for topic"
                    .formatted(topics.transactions("timed-out").get(0).producerId())
                + " 'timed-out-out' is lost: it was open for longer than"
                + " image-embedding.kafka.transaction-timeout (1000 ms). The job fails for good. An"
                + " older checkpoint has the images of it still before it;"
                + " image-embedding.kafka.lost-transactions: continue goes on from here without"
                + " them");
  }

  @Test
  void aJobThatMayGoOnGoesOnWithoutWhatWasLost() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "goes-on");
    SinkSettings settings = settings(topics, SHORT, LostTransactions.CONTINUE);
    State state = preCommitted(settings, "lost");
    await(topics, TransactionState.COMPLETE_ABORT);

    try (TestingSinkTask task = new TestingSinkTask(settings, state)) {
      task.write("written");
      task.checkpoint(2);
      task.complete(2);
    }

    assertThat(topics.committed(topics.output())).containsExactly("written");
  }

  @Test
  void aTransactionThatTimedOutWhileTheJobRunsFailsItForGood() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "slow");
    try (TestingSinkTask task =
        new TestingSinkTask(settings(topics, SHORT, LostTransactions.FAIL), null)) {
      task.write("lost");
      task.checkpoint(1);
      await(topics, TransactionState.COMPLETE_ABORT);

      assertThatThrownBy(() -> task.complete(1))
          .isInstanceOf(NoRestartException.class)
          .hasMessageContaining("is lost: it was open for longer than");
    }
  }

  @Test
  void aTransactionThatIsStillOpenIsCommitted() throws Exception {
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), "open");
    SinkSettings settings = settings(topics, LONG, LostTransactions.FAIL);
    State state = preCommitted(settings, "kept");
    assertThat(topics.transactions("open/").get(0).state()).isEqualTo(TransactionState.ONGOING);

    new TestingSinkTask(settings, state).close();

    assertThat(topics.committed(topics.output())).containsExactly("kept");
  }

  /** What happened between a checkpoint that was completed and the restore from it. */
  enum Since {
    NOTHING("first", "last"),
    ID_IN_USE_AGAIN("first", "second", "last"),
    ID_COMMITTED_AGAIN("first", "second", "third", "last"),
    RESTORED_ONCE("first", "last"),
    ID_EXPIRED("first", "last");

    private final String[] committed;

    Since(String... committed) {
      this.committed = committed;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aTransactionThatWasCommittedIsNoLossWhateverHappenedSince(Since since) throws Exception {
    TestingTopics topics =
        new TestingTopics(
            (since == Since.ID_EXPIRED ? forgetful : kafka).bootstrapServers(),
            "committed-" + since.ordinal());
    SinkSettings settings = settings(topics, LONG, LostTransactions.FAIL);
    State state;
    try (TestingSinkTask task = new TestingSinkTask(settings, null)) {
      task.write("first");
      state = task.checkpoint(1);
      task.complete(1);
      if (since == Since.ID_IN_USE_AGAIN || since == Since.ID_COMMITTED_AGAIN) {
        task.write("second");
        task.checkpoint(2);
        task.complete(2);
        task.write("third");
        task.checkpoint(3);
        if (since == Since.ID_COMMITTED_AGAIN) {
          task.complete(3);
        }
      }
    }
    if (since == Since.RESTORED_ONCE) {
      new TestingSinkTask(settings, state).close();
    }
    if (since == Since.ID_EXPIRED) {
      awaitExpiry(topics, "committed-" + since.ordinal() + "/embeddings/-0-0");
    }

    try (TestingSinkTask task = new TestingSinkTask(settings, state)) {
      task.write("last");
      task.checkpoint(4);
      task.complete(4);
    }

    assertThat(topics.committed(topics.output())).containsExactlyInAnyOrder(since.committed);
  }

  @Test
  void aLostTransactionWhoseIdExpiredIsFoundToBeLost() throws Exception {
    TestingTopics topics = new TestingTopics(forgetful.bootstrapServers(), "expired");
    SinkSettings settings = settings(topics, SHORT, LostTransactions.FAIL);
    State state = preCommitted(settings, "lost");
    awaitExpiry(topics, "expired/embeddings/-0-0");

    assertThatThrownBy(() -> new TestingSinkTask(settings, state).close())
        .isInstanceOf(NoRestartException.class)
        .hasMessageContaining("is lost: it was aborted by its timeout");
  }

  @Test
  void whatCannotBeToldIsNotTakenForCommitted() throws Exception {
    TestingTopics topics = new TestingTopics(forgetful.bootstrapServers(), "gone");
    SinkSettings settings = settings(topics, LONG, LostTransactions.FAIL);
    State state;
    try (TestingSinkTask task = new TestingSinkTask(settings, null)) {
      task.write("first");
      state = task.checkpoint(1);
      task.complete(1);
    }
    awaitExpiry(topics, "gone/embeddings/-0-0");
    topics.deleteRecords(topics.output());

    assertThatThrownBy(() -> new TestingSinkTask(settings, state).close())
        .isInstanceOf(NoRestartException.class)
        .hasMessageContaining("may be lost, which cannot be told: its record gone-out-")
        .hasMessageContaining("is no more in the topic");
  }

  /** Fewer partitions, or none of whose records is where the one of the transaction was. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aTopicThatWasMadeAnewIsNoTopicThatCannotBeReadYet(int partitions) throws Exception {
    String name = "anew-" + partitions;
    TestingTopics topics = new TestingTopics(forgetful.bootstrapServers(), name);
    SinkSettings settings = settings(topics, LONG, LostTransactions.FAIL);
    State state;
    try (TestingSinkTask task = new TestingSinkTask(settings, null)) {
      task.write(keyInSecondPartition());
      state = task.checkpoint(1);
      task.complete(1);
    }
    awaitExpiry(topics, name + "/embeddings/-0-0");
    topics.makeAnew(topics.output(), partitions);

    assertThatThrownBy(() -> new TestingSinkTask(settings, state).close())
        .isInstanceOf(NoRestartException.class)
        .hasMessageContaining("may be lost, which cannot be told: its record " + name + "-out-")
        .hasMessageContaining("is no more in the topic");
  }

  private static String keyInSecondPartition() {
    return Stream.iterate(0, i -> i + 1)
        .map(String::valueOf)
        .filter(key -> Utils.toPositive(Utils.murmur2(key.getBytes(UTF_8))) % 2 == 1)
        .findFirst()
        .orElseThrow();
  }

  /** As after an outage that was longer than a transaction may be open. */
  @ParameterizedTest
  @EnumSource
  void aWholeJobThatWasAwayTooLongSaysWhatIsLostOrGoesOnAndCounts(LostTransactions lost)
      throws Exception {
    String name = "away-" + lost;
    TestingTopics topics = new TestingTopics(kafka.bootstrapServers(), name);
    Map<String, String> more = new HashMap<>(TestingMetrics.options());
    more.put(KafkaOptions.LOST_TRANSACTIONS.key(), lost.toString());
    more.putAll(TestingTopics.noCheckpoints());
    Configuration options = topics.options(name, more);
    TestingCopyJob job = TestingCopyJob.start(topics, options);
    topics.send(0, 100);
    Awaitility.await().atMost(PATIENCE).until(() -> topics.written() >= 100);
    // Nothing is committed with a savepoint from which a job goes on.
    String savepoint = job.savepoint(folder.toUri().toString());
    List<String> preCommitted =
        topics.transactions(name + "/").stream()
            .filter(each -> each.state() == TransactionState.ONGOING)
            .map(TransactionListing::transactionalId)
            .toList();
    job.cancel();
    assertThat(preCommitted).isNotEmpty();
    TestingCoordinator coordinator = new TestingCoordinator(kafka);
    for (String id : preCommitted) {
      coordinator.age(id, Duration.ofDays(1));
    }
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () ->
                topics.transactions(name + "/").stream()
                    .filter(each -> preCommitted.contains(each.transactionalId()))
                    .allMatch(each -> each.state() == TransactionState.COMPLETE_ABORT));
    topics.send(100, 200);

    options.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
    options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(200));
    options.removeConfig(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS);
    TestingCopyJob restored = TestingCopyJob.start(topics, options);
    if (lost == LostTransactions.FAIL) {
      Throwable failure =
          catchThrowable(() -> restored.client().getJobExecutionResult().get(1, TimeUnit.MINUTES));
      assertThat(FailureDescription.of(failure))
          .matches(
              "transaction '"
                  + name
                  + "/embeddings/-\\d-0' \\(producer \\d+, epoch \\d+\\) with messages for topic '"
                  + topics.output()
                  + "' is lost: it was open for longer than"
                  + " image-embedding\\.kafka\\.transaction-timeout \\(900000 ms\\)\\. The job fails for"
                  + " good\\. An older checkpoint has .*");
      assertThat(restored.starts()).isLessThanOrEqualTo(2 * job.starts());
    } else {
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> topics.committed(topics.output()).size() >= 100);
      assertThat(topics.committed(topics.output()))
          .containsExactlyInAnyOrderElementsOf(
              IntStream.range(100, 200).mapToObj(String::valueOf).toList());
      assertThat(TestingMetrics.counted(name, KafkaSinkMetrics.TRANSACTIONS_LOST))
          .isEqualTo(preCommitted.size());
      restored.cancel();
    }
  }

  /** A state with a transaction that is pre-committed, whose task is dead. */
  private static State preCommitted(SinkSettings settings, String key) throws Exception {
    try (TestingSinkTask task = new TestingSinkTask(settings, null)) {
      task.write(key);
      return task.checkpoint(1);
    }
  }

  private static void await(TestingTopics topics, TransactionState state) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () ->
                topics.transactions(topics.name() + "/").stream()
                    .anyMatch(each -> each.state() == state));
  }

  private static void awaitExpiry(TestingTopics topics, String id) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              try (Admin admin = Admin.create(topics.clients())) {
                admin.describeTransactions(List.of(id)).description(id).get();
                return false;
              } catch (ExecutionException e) {
                return e.getCause() instanceof TransactionalIdNotFoundException;
              }
            });
  }

  private static SinkSettings settings(
      TestingTopics topics, Duration timeout, LostTransactions lost) {
    return new SinkSettings(
        topics.name(),
        SinkSettings.EMBEDDINGS,
        topics.output(),
        DeliveryGuarantee.EXACTLY_ONCE,
        timeout,
        lost,
        topics.clients(),
        false);
  }
}
