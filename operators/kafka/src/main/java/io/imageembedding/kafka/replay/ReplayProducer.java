// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka.replay;

import io.imageembedding.kafka.replay.Replay.Sendable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends originals and commits how far their dead letters were read, both or neither. */
final class ReplayProducer implements AutoCloseable {
  private static final int MAX_REQUEST_BYTES = 128 << 20;
  private static final Duration CLOSE = Duration.ofSeconds(5);

  private final String topic;
  private final String runName;
  private final KafkaProducer<byte[], byte[]> producer;
  private final int partitions;

  private record Waiting(Sendable letter, Future<RecordMetadata> answer) {}

  /** Ends what an earlier process of the same run had begun, and keeps it from going on. */
  ReplayProducer(Properties clientProperties, String topic, String runName) {
    Properties properties = new Properties();
    properties.setProperty(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, String.valueOf(MAX_REQUEST_BYTES));
    properties.setProperty(
        ProducerConfig.BUFFER_MEMORY_CONFIG, String.valueOf(2L * MAX_REQUEST_BYTES));
    properties.setProperty(ProducerConfig.MAX_BLOCK_MS_CONFIG, "25000");
    properties.setProperty(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "25000");
    properties.setProperty(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "20000");
    properties.putAll(clientProperties);
    properties.setProperty(ProducerConfig.TRANSACTIONAL_ID_CONFIG, runName);
    this.topic = topic;
    this.runName = runName;
    producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    try {
      producer.initTransactions();
      partitions = producer.partitionsFor(topic).size();
    } catch (KafkaException e) {
      producer.close(Duration.ZERO);
      throw e;
    }
  }

  /**
   * @param oldest timestamp that the topic keeps; null: originals get the time when they are sent
   * @param tooLarge takes those that the topic does not take
   * @param read how far the dead letters are read with these
   * @param sent takes those that were sent, once that is committed
   * @throws ReplayException if nothing of this was done
   */
  void send(
      List<Sendable> letters,
      Long oldest,
      Consumer<Sendable> tooLarge,
      Map<TopicPartition, OffsetAndMetadata> read,
      ConsumerGroupMetadata group,
      Consumer<Sendable> sent) {
    List<Sendable> left = new ArrayList<>(letters);
    if (oldest != null) {
      left.forEach(letter -> requireKept(letter, oldest));
    }
    try {
      List<Sendable> refused = attempt(left, oldest, read, group);
      while (!refused.isEmpty()) {
        left.removeAll(refused);
        refused.forEach(tooLarge);
        refused = attempt(left, oldest, read, group);
      }
    } catch (ProducerFencedException | InvalidProducerEpochException e) {
      throw new ReplayException(
          "another process goes on with the run " + runName + "; this one sends no more", e);
    }
    left.forEach(sent);
  }

  /** Sends all and commits; or nothing, and gives those that are too large. */
  private List<Sendable> attempt(
      List<Sendable> letters,
      Long oldest,
      Map<TopicPartition, OffsetAndMetadata> read,
      ConsumerGroupMetadata group) {
    producer.beginTransaction();
    List<Waiting> waiting = new ArrayList<>();
    KafkaException failure = null;
    try {
      for (Sendable letter : letters) {
        waiting.add(
            new Waiting(
                letter,
                producer.send(
                    Original.of(
                        letter.letter(),
                        topic,
                        partitions,
                        oldest == null ? null : sentAt(letter)))));
      }
      producer.flush();
    } catch (KafkaException e) {
      // It may be that one before was too large; that is seen below.
      failure = e;
    }
    List<Sendable> refused = new ArrayList<>();
    for (Waiting one : waiting) {
      try {
        one.answer().get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RecordTooLargeException) {
          refused.add(one.letter());
        } else if (failure == null) {
          failure =
              e.getCause() instanceof KafkaException known
                  ? known
                  : new KafkaException(e.getCause());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ReplayException("interrupted while sending", e);
      }
    }
    if (refused.isEmpty() && failure == null) {
      producer.sendOffsetsToTransaction(read, group);
      producer.commitTransaction();
      return List.of();
    }
    producer.abortTransaction();
    if (refused.isEmpty()) {
      throw failure;
    }
    return refused;
  }

  /** When the original was sent first; null where nobody said so. */
  private static Long sentAt(Sendable letter) {
    Instant timestamp = letter.letter().getSource().getTimestamp();
    return timestamp == null || timestamp.toEpochMilli() < 0 ? null : timestamp.toEpochMilli();
  }

  private void requireKept(Sendable letter, long oldest) {
    Long sentAt = sentAt(letter);
    if (sentAt != null && sentAt < oldest) {
      throw new ReplayException(
          "the original of "
              + letter.place()
              + " is of "
              + letter.letter().getSource().getTimestamp()
              + ", but topic '"
              + topic
              + "' keeps messages only since "
              + Instant.ofEpochMilli(oldest)
              + " (retention.ms); --timestamp now sends originals with the time of now",
          null);
    }
  }

  @Override
  public void close() {
    producer.close(CLOSE);
  }
}
