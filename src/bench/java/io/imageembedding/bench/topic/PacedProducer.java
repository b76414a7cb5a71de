// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.topic;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Sends photos at random moments (a Poisson process) that do not depend on how fast they are taken;
 * the timestamp of each is the moment that it was due.
 */
public final class PacedProducer implements AutoCloseable {
  private static final int SEED = 7;

  private final KafkaProducer<String, byte[]> producer;
  private final String topic;
  private final List<byte[]> photos;
  private final Random random = new Random(SEED);

  public PacedProducer(Topics topics, String topic, List<byte[]> photos) {
    this.producer = topics.producer();
    this.topic = topic;
    this.photos = photos;
  }

  /**
   * Sends for some time.
   *
   * @return when each was due, in milliseconds since 1970, by key
   */
  public Map<String, Long> send(String prefix, double imagesPerSecond, double seconds) {
    Map<String, Long> due = new LinkedHashMap<>();
    long startMillis = System.currentTimeMillis();
    long start = System.nanoTime();
    double at = 0;
    for (int i = 0; at < seconds; i++) {
      long wait = start + (long) (at * 1e9) - System.nanoTime();
      while (wait > 0) {
        LockSupport.parkNanos(wait);
        wait = start + (long) (at * 1e9) - System.nanoTime();
      }
      String key = prefix + "-" + i;
      long timestamp = startMillis + (long) (at * 1000);
      due.put(key, timestamp);
      producer.send(
          new ProducerRecord<>(topic, null, timestamp, key, photos.get(i % photos.size())));
      at += -Math.log(1 - random.nextDouble()) / imagesPerSecond;
    }
    producer.flush();
    return due;
  }

  @Override
  public void close() {
    producer.close();
  }
}
