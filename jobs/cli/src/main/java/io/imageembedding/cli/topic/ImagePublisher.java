// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.topic;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.schema.ImageRecord;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.flink.annotation.Internal;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Publishes images, and knows of each whether the broker has it. */
@Internal
public final class ImagePublisher implements AutoCloseable {
  private static final int MAX_WAITING = 500;
  private static final int MAX_REQUEST_BYTES = 128 << 20;

  private record Waiting(String id, Future<RecordMetadata> answer) {}

  private final String topic;
  private final WireFormat format;
  private final KafkaProducer<byte[], byte[]> producer;
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  public ImagePublisher(Properties clientProperties, String topic, WireFormat format) {
    Properties properties = new Properties();
    properties.setProperty(ProducerConfig.ACKS_CONFIG, "all");
    properties.setProperty(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
    properties.setProperty(ProducerConfig.LINGER_MS_CONFIG, "5");
    properties.setProperty(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, String.valueOf(MAX_REQUEST_BYTES));
    properties.setProperty(
        ProducerConfig.BUFFER_MEMORY_CONFIG, String.valueOf(2L * MAX_REQUEST_BYTES));
    properties.setProperty(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "25000");
    properties.setProperty(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "20000");
    properties.putAll(clientProperties);
    this.topic = topic;
    this.format = format;
    this.producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * Sends an image with its id as the key; may wait for earlier ones.
   *
   * @throws CommandFailure naming the image if the broker did not take it or an earlier one
   */
  public void publish(String id, byte[] image) throws IOException {
    byte[] value =
        format == WireFormat.RAW
            ? image
            : array(
                ImageRecord.getEncoder()
                    .encode(new ImageRecord(id, ByteBuffer.wrap(image), null, null, Map.of())));
    byte[] key = id.getBytes(StandardCharsets.UTF_8);
    waiting.add(new Waiting(id, producer.send(new ProducerRecord<>(topic, key, value))));
    while (waiting.size() > MAX_WAITING) {
      confirm(waiting.remove());
    }
  }

  /** Waits until the broker has everything. */
  public void flush() {
    producer.flush();
    while (!waiting.isEmpty()) {
      confirm(waiting.remove());
    }
  }

  private void confirm(Waiting sent) {
    try {
      sent.answer().get();
    } catch (ExecutionException e) {
      throw new CommandFailure(
          "'" + sent.id() + "' was not published: " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure("interrupted while publishing", e);
    }
  }

  private static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  @Override
  public void close() {
    producer.close();
  }
}
