// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.UnreadableRecordException;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads what is committed in two topics, as it comes, and counts it. */
final class Answers implements AutoCloseable {
  private final Properties client;
  private final String embeddings;
  private final String deadLetters;
  private final Tallies tallies = new Tallies();
  private final Map<TopicPartition, Long> positions = new ConcurrentHashMap<>();
  private volatile boolean closed;
  private volatile Exception failure;
  private Thread thread;

  /**
   * @param client properties of Kafka's clients
   */
  Answers(Properties client, String embeddings, String deadLetters) {
    this.client = client;
    this.embeddings = embeddings;
    this.deadLetters = deadLetters;
    open();
  }

  private void open() {
    closed = false;
    thread = new Thread(this::run, "answers");
    thread.setDaemon(true);
    thread.start();
  }

  /** Reads a topic that was made anew from its beginning, and goes on counting. */
  void reopen(String topic) throws InterruptedException {
    close();
    failure = null;
    positions.keySet().removeIf(partition -> partition.topic().equals(topic));
    open();
  }

  private void run() {
    Properties properties = new Properties();
    properties.putAll(client);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    RecordReader<EmbeddingRecord> embedding = RecordReader.embeddings(WireFormat.AVRO, null);
    RecordReader<DeadLetter> deadLetter = RecordReader.deadLetters(WireFormat.AVRO, null);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(
          Stream.of(embeddings, deadLetters)
              .flatMap(topic -> consumer.partitionsFor(topic).stream())
              .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
              .toList());
      consumer.seekToBeginning(consumer.assignment());
      positions.forEach(consumer::seek);
      while (!closed) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          if (record.topic().equals(embeddings)) {
            EmbeddingRecord read = embedding.read(record.value());
            tallies.addEmbedding(read.getId(), read.getEmbedding());
          } else {
            tallies.addDeadLetter(
                new String(record.key(), StandardCharsets.UTF_8),
                deadLetter.read(record.value()).getCode().toString());
          }
          positions.put(
              new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
        }
      }
    } catch (RuntimeException | IOException | UnreadableRecordException e) {
      failure = e;
    }
  }

  /** How many ids have an answer. */
  int answered() {
    if (failure != null) {
      throw new IllegalStateException("the answers cannot be read", failure);
    }
    return tallies.answered();
  }

  Tallies tallies() {
    return tallies;
  }

  @Override
  public void close() throws InterruptedException {
    closed = true;
    thread.join();
  }
}
