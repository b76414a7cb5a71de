// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.image.DecodeLimits;
import io.imageembedding.schema.ImageMessage;
import io.imageembedding.schema.ImageRecordReader;
import io.imageembedding.schema.SchemaRegistry;
import io.imageembedding.schema.UnreadableRecordException;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.Version;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Images in the messages that their vectors were made of, read by topic, partition and offset. A
 * message of another id, as in a topic that was made anew, is not the one.
 */
final class TopicImages implements ImageSource {
  private static final Duration CLOSING = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Properties properties = new Properties();
  private final ImageRecordReader reader;

  /** Made when the first image is asked for, so that what is no topic's needs no broker. */
  private KafkaConsumer<byte[], byte[]> consumer;

  /** The last failure, which stands for as long as it took, so that a page does not wait again. */
  private IOException failure;

  private long failedUntil;

  TopicImages(Properties clientProperties, WireFormat format, SchemaRegistry registry) {
    reader = new ImageRecordReader(format, registry);
    properties.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    properties.setProperty(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    properties.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    properties.setProperty(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "1");
    // A fetch beyond the last message must not keep the next seek waiting.
    properties.setProperty(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "10");
    properties.setProperty(
        ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, String.valueOf(PATIENCE.toMillis()));
    properties.setProperty(
        ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, String.valueOf(PATIENCE.toMillis()));
    properties.putAll(clientProperties);
  }

  @Override
  public synchronized Optional<byte[]> find(String id, Version version, ImageMetadata image)
      throws IOException {
    if (version.topic().isEmpty()) {
      return Optional.empty();
    }
    if (failure != null && System.nanoTime() - failedUntil < 0) {
      throw failure;
    }
    try {
      return image(id, version, message(version));
    } catch (InvalidOffsetException e) {
      return Optional.empty();
    } catch (KafkaException e) {
      failure = new IOException("the message cannot be read: " + e.getMessage(), e);
      failedUntil = System.nanoTime() + PATIENCE.toNanos();
      throw failure;
    }
  }

  private Optional<ConsumerRecord<byte[], byte[]>> message(Version version) {
    if (consumer == null) {
      consumer =
          new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
    TopicPartition partition = new TopicPartition(version.topic(), version.partition());
    consumer.assign(List.of(partition));
    consumer.seek(partition, version.offset());
    long end = System.nanoTime() + PATIENCE.toNanos();
    do {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
        return record.offset() == version.offset() ? Optional.of(record) : Optional.empty();
      }
    } while (System.nanoTime() < end);
    throw new TimeoutException(
        "nothing came from " + partition + " for " + PATIENCE.toSeconds() + " s");
  }

  private Optional<byte[]> image(
      String id, Version version, Optional<ConsumerRecord<byte[], byte[]>> message)
      throws IOException {
    if (message.isEmpty()) {
      return Optional.empty();
    }
    ConsumerRecord<byte[], byte[]> record = message.get();
    try {
      ImageMessage read = reader.read(record.key(), record.value(), version.source());
      byte[] image = read.image();
      return read.fields().id().equals(id) && image.length <= DecodeLimits.DEFAULT.maxBytes()
          ? Optional.of(image)
          : Optional.empty();
    } catch (UnreadableRecordException e) {
      return Optional.empty();
    }
  }

  @Override
  public synchronized void close() {
    if (consumer != null) {
      consumer.close(CloseOptions.timeout(CLOSING));
    }
  }
}
