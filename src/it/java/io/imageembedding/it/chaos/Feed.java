// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.it.TestingImages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Publishes image messages by number, so many a second, each once: also over a broker that dies and
 * comes back.
 */
final class Feed implements AutoCloseable {
  /** Every fiftieth message becomes a dead letter. */
  static final int BROKEN_EVERY = 50;

  private static final int TICK_MILLIS = 20;
  private static final int KEPT = 20_000;
  private static final Map<Integer, byte[]> MESSAGES = new ConcurrentHashMap<>();

  private final KafkaProducer<byte[], byte[]> producer;
  private final String topic;
  private final int to;
  private final double perTick;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final AtomicInteger acknowledged = new AtomicInteger();
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private final int from;
  private int next;
  private double due;

  /**
   * @param client properties of Kafka's clients
   * @param perSecond messages; 0: as fast as the broker takes them
   */
  Feed(Properties client, String topic, int from, int to, int perSecond) {
    Properties properties = new Properties();
    properties.putAll(client);
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.LINGER_MS_CONFIG, "5");
    properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "10000");
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "1200000");
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, "1200000");
    producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    this.topic = topic;
    this.from = from;
    this.to = to;
    next = from;
    due = from;
    perTick = perSecond == 0 ? Double.MAX_VALUE : perSecond * TICK_MILLIS / 1000.0;
    clock.scheduleAtFixedRate(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void tick() {
    try {
      due = Math.min(to, due + perTick);
      while (next < due) {
        int number = next++;
        byte[] key = TestingImages.id(number).getBytes(StandardCharsets.UTF_8);
        producer.send(
            new ProducerRecord<>(topic, key, message(number)),
            (metadata, e) -> {
              if (e == null) {
                acknowledged.incrementAndGet();
              } else {
                failure.compareAndSet(null, e);
              }
            });
      }
    } catch (RuntimeException e) {
      failure.compareAndSet(null, e);
    }
  }

  private static byte[] message(int number) {
    if (number >= KEPT) {
      return encoded(number);
    }
    return MESSAGES.computeIfAbsent(number, Feed::encoded);
  }

  private static byte[] encoded(int number) {
    try {
      return TestingImages.message(number, BROKEN_EVERY);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int acknowledged() {
    return acknowledged.get();
  }

  /** Whether the broker has all of it. */
  boolean isDone() {
    if (failure.get() != null) {
      throw new IllegalStateException("the messages of the test were not taken", failure.get());
    }
    return acknowledged.get() == to - from;
  }

  @Override
  public void close() {
    clock.shutdownNow();
    producer.close(Duration.ofSeconds(5));
  }
}
