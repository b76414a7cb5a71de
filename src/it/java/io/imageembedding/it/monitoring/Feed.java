// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.monitoring;

import io.imageembedding.it.TestingImages;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.kafka.TopicAdmin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Publishes images, at first good ones only. */
final class Feed implements AutoCloseable {
  static final String IMAGES = "images";
  static final String EMBEDDINGS = "embeddings";
  static final String DEAD_LETTERS = "dead-letters";
  static final int PARTITIONS = 2;

  private static final int TICK_MILLIS = 100;
  private static final int PER_TICK = 5;
  private static final int FLOOD = 20_000;

  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final KafkaProducer<byte[], byte[]> producer;
  private volatile int brokenEvery = Integer.MAX_VALUE;
  private int published;

  Feed(String servers) throws Exception {
    Properties properties = KafkaClientProperties.of(servers, "", Map.of());
    try (TopicAdmin admin = new TopicAdmin(properties)) {
      for (String topic : List.of(IMAGES, EMBEDDINGS, DEAD_LETTERS)) {
        admin.createIfMissing(topic, PARTITIONS);
      }
    }
    producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  void start() {
    clock.scheduleAtFixedRate(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void tick() {
    try {
      for (int i = 0; i < PER_TICK; i++) {
        int number = ++published;
        send(number, TestingImages.message(number, brokenEvery));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void send(int number, byte[] message) {
    byte[] key = TestingImages.id(number).getBytes(StandardCharsets.UTF_8);
    producer.send(new ProducerRecord<>(IMAGES, number % PARTITIONS, key, message));
  }

  /** From now on every third cannot be embedded. */
  void spoil() {
    brokenEvery = 3;
  }

  /** More at once than the job embeds in some seconds. */
  void flood() throws IOException {
    byte[] one = TestingImages.message(1, Integer.MAX_VALUE);
    for (int i = 0; i < FLOOD; i++) {
      send(i, one);
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
    producer.close(Duration.ofSeconds(1));
  }
}
