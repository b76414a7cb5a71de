// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.topic;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Topics of one broker: what is on them, and when it came there. */
public final class Topics implements AutoCloseable {
  private static final int PARTITIONS = 4;

  private final String servers;
  private final Admin admin;
  private int created;

  /** A message that was written, in whatever transaction. */
  public record Written(String key, long timestamp) {}

  public Topics(String servers) {
    this.servers = servers;
    admin = Admin.create(Map.of("bootstrap.servers", servers));
  }

  public String servers() {
    return servers;
  }

  /** A new topic whose messages bear the broker's own time of their arrival. */
  public String createOutput(String name) throws IOException {
    return create(name, Map.of(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime"));
  }

  /** A new topic whose messages bear the time that their producer says. */
  public String createInput(String name) throws IOException {
    return create(name, Map.of());
  }

  private String create(String name, Map<String, String> configs) throws IOException {
    String topic = name.replaceAll("[^a-z0-9.-]", "-") + "-" + created++;
    NewTopic wanted = new NewTopic(topic, PARTITIONS, (short) 1).configs(configs);
    await(admin.createTopics(List.of(wanted)).all());
    awaitLeaders(topic);
    return topic;
  }

  /** What is sent to a partition before it has a leader may be lost. */
  private void awaitLeaders(String topic) throws IOException {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (true) {
      try {
        end(topic);
        return;
      } catch (IOException e) {
        if (!(e.getCause() instanceof RetriableException) || System.nanoTime() > deadline) {
          throw e;
        }
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
    }
  }

  public void delete(String topic) throws IOException {
    await(admin.deleteTopics(List.of(topic)).all());
  }

  public KafkaProducer<String, byte[]> producer() {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", servers, "linger.ms", 0, "buffer.memory", 64L << 20),
        new StringSerializer(),
        new ByteArraySerializer());
  }

  /** Publishes photos over and over. */
  public void publish(String topic, List<byte[]> photos, int count) throws IOException {
    try (KafkaProducer<String, byte[]> producer = producer()) {
      List<Future<?>> sent = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        sent.add(
            producer.send(
                new ProducerRecord<>(
                    topic, i % PARTITIONS, "photo-" + i, photos.get(i % photos.size()))));
      }
      for (Future<?> one : sent) {
        await(one);
      }
    }
  }

  /** How many messages and transaction markers were written to a topic. */
  public long end(String topic) throws IOException {
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    for (TopicPartition partition : partitions(topic)) {
      ends.put(partition, OffsetSpec.latest());
    }
    return await(admin.listOffsets(ends).all()).values().stream()
        .mapToLong(end -> end.offset())
        .sum();
  }

  /** Waits until something was written to a topic. */
  public void awaitOutput(String topic) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (end(topic) == 0) {
      if (System.nanoTime() > deadline) {
        throw new IOException("nothing came on " + topic + " within 2 minutes");
      }
      Thread.sleep(100);
    }
  }

  /** Everything on a topic, also of transactions that are open or were aborted. */
  public List<Written> read(String topic) {
    List<Written> messages = new ArrayList<>();
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", servers, "isolation.level", "read_uncommitted"),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = partitions(topic);
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
        for (ConsumerRecord<String, byte[]> message : consumer.poll(Duration.ofMillis(200))) {
          messages.add(new Written(message.key(), message.timestamp()));
        }
      }
    }
    return messages;
  }

  private static List<TopicPartition> partitions(String topic) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (int i = 0; i < PARTITIONS; i++) {
      partitions.add(new TopicPartition(topic, i));
    }
    return partitions;
  }

  private static <T> T await(Future<T> future) throws IOException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(5));
  }
}
