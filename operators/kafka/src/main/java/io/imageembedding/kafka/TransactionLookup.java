// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.kafka.SentTransaction.RecordPlace;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.metrics.Counter;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Finds out what became of transactions. It asks the coordinator first. A coordinator remembers the
 * last transaction of an id only, and nothing at all once the id has expired; then a record of the
 * transaction tells: a reader of committed records is given it, or is led past it.
 *
 * <p>States and epochs are those of Kafka 4 with transaction versions 1 and 2. One question takes
 * at most about a minute.
 */
final class TransactionLookup implements AutoCloseable {
  private static final Duration READING = Duration.ofSeconds(30);

  /** What became of a transaction. */
  enum Fate {
    /** Nothing yet: it can be committed. */
    OPEN,
    /** Its records can be read. */
    COMMITTED,
    /** It was aborted; its records are never read. */
    ABORTED,
    /** Neither coordinator nor records say it any more. */
    UNKNOWN
  }

  /**
   * @param fate of the transaction
   * @param why it is known or not known, as the end of a sentence
   */
  record Finding(Fate fate, String why) {}

  private final Properties clients;
  private final Admin admin;
  private final Counter aborted;

  /**
   * @param aborted counts transactions that have to be aborted
   * @throws IOException if no broker answers, or they refuse; asking again may help
   */
  TransactionLookup(Properties clients, Counter aborted) throws IOException {
    this.aborted = aborted;
    try {
      BrokerConnection connection = BrokerPatience.connect(clients);
      admin = connection.admin();
      this.clients = BrokerConnection.beginningWith(connection.server(), clients);
    } catch (KafkaSetupException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /**
   * @throws IOException if brokers do not answer, or refuse; asking again may help
   */
  Finding find(SentTransaction transaction) throws IOException, InterruptedException {
    TransactionDescription description = describe(transaction.id());
    Finding finding = byCoordinator(transaction.committable(), description);
    if (finding != null && finding.fate() != Fate.ABORTED) {
      return finding;
    }
    if (transaction.record() == null) {
      return finding != null
          ? finding
          : new Finding(Fate.UNKNOWN, "its id was used again or has expired since");
    }
    Finding read = byRecord(transaction.record());
    if (read.fate() == Fate.UNKNOWN && finding != null) {
      return finding;
    }
    if (read.fate() == Fate.COMMITTED && isOpen(description)) {
      abortWhatIsOpen(transaction.id());
    }
    return read.fate() == Fate.ABORTED && finding != null ? finding : read;
  }

  private TransactionDescription describe(String id) throws IOException, InterruptedException {
    try {
      return admin.describeTransactions(List.of(id)).description(id).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TransactionalIdNotFoundException) {
        return null;
      }
      throw new IOException(
          "what became of transaction '" + id + "' cannot be asked: " + e.getCause().getMessage(),
          e.getCause());
    }
  }

  private static boolean isOpen(TransactionDescription description) {
    return description != null && description.state() == TransactionState.ONGOING;
  }

  /** Null where the coordinator does not tell. */
  private static Finding byCoordinator(
      KafkaCommittable committable, TransactionDescription description) {
    if (description == null || description.producerId() != committable.getProducerId()) {
      return null;
    }
    int later = description.producerEpoch() - committable.getEpoch();
    return switch (description.state()) {
      case ONGOING -> later == 0 ? new Finding(Fate.OPEN, "it is open") : null;
      case PREPARE_COMMIT, COMPLETE_COMMIT ->
          later <= 1 ? new Finding(Fate.COMMITTED, "the coordinator says so") : null;
      case PREPARE_ABORT, COMPLETE_ABORT ->
          later <= 1
              ? new Finding(
                  Fate.ABORTED,
                  "it was open for longer than "
                      + KafkaOptions.TRANSACTION_TIMEOUT.key()
                      + " ("
                      + description.transactionTimeoutMs()
                      + " ms)")
              : null;
      default -> null;
    };
  }

  private Finding byRecord(RecordPlace place) throws IOException, InterruptedException {
    Finding gone = new Finding(Fate.UNKNOWN, "its record " + place + " is no more in the topic");
    try {
      if (endsBefore(place)) {
        return gone;
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return new Finding(Fate.UNKNOWN, "topic '" + place.topic() + "' is no more");
      }
      throw new IOException(
          "topic '" + place.topic() + "' cannot be asked for: " + e.getCause().getMessage(),
          e.getCause());
    }
    try {
      ConsumerRecord<byte[], byte[]> found = firstFrom(place, "read_committed");
      if (isAt(place, found)) {
        return new Finding(Fate.COMMITTED, "its record " + place + " is committed");
      }
      found = firstFrom(place, "read_uncommitted");
      return isAt(place, found)
          ? new Finding(
              Fate.ABORTED, "it was aborted by its timeout, or by another job of the same name")
          : gone;
    } catch (OffsetOutOfRangeException e) {
      return gone;
    } catch (KafkaException e) {
      throw new IOException("record " + place + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Whether the topic was made anew since, so that nobody has written there yet. */
  private boolean endsBefore(RecordPlace place) throws ExecutionException, InterruptedException {
    TopicDescription topic =
        admin.describeTopics(List.of(place.topic())).allTopicNames().get().get(place.topic());
    if (topic.partitions().size() <= place.partition()) {
      return true;
    }
    TopicPartition partition = new TopicPartition(place.topic(), place.partition());
    return admin
            .listOffsets(
                Map.of(partition, OffsetSpec.latest()),
                new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
            .partitionResult(partition)
            .get()
            .offset()
        <= place.offset();
  }

  private static boolean isAt(RecordPlace place, ConsumerRecord<byte[], byte[]> found) {
    return found != null
        && found.offset() == place.offset()
        && found.timestamp() == place.timestamp();
  }

  /** The first record from there on, or null if there is none before the end. */
  private ConsumerRecord<byte[], byte[]> firstFrom(RecordPlace place, String isolation)
      throws IOException {
    Properties properties = new Properties();
    properties.putAll(clients);
    properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
    properties.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    properties.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    properties.setProperty(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "1");
    TopicPartition partition = new TopicPartition(place.topic(), place.partition());
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seek(partition, place.offset());
      long deadline = System.nanoTime() + READING.toNanos();
      while (System.nanoTime() - deadline < 0) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          return record;
        }
        if (consumer.position(partition) > place.offset()) {
          return null;
        }
      }
    }
    throw new IOException(
        "whether record "
            + place
            + " is committed cannot be seen yet: the transaction of another producer is open before"
            + " it");
  }

  /**
   * A task that had committed the transaction began another with its id and did not live to commit
   * that; as long as it is open, readers of committed records wait.
   */
  private void abortWhatIsOpen(String id) throws IOException, InterruptedException {
    try {
      admin.fenceProducers(List.of(id)).all().get();
      aborted.inc();
    } catch (ExecutionException e) {
      throw new IOException(
          "the transaction that is open with id '"
              + id
              + "' cannot be aborted: "
              + e.getCause().getMessage(),
          e.getCause());
    }
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }
}
