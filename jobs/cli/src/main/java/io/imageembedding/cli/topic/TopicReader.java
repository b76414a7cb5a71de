// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.topic;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.Result;
import io.imageembedding.cli.output.Result.Failure;
import io.imageembedding.cli.output.Result.Origin;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.DeadLetterReader;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.EmbeddingReader;
import io.imageembedding.schema.ImageRecordReader;
import io.imageembedding.schema.SchemaRegistry;
import io.imageembedding.schema.SourceHeader;
import io.imageembedding.schema.UnreadableRecordException;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.annotation.Internal;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads embeddings or dead letters from the beginning of a topic to where its committed messages
 * end when the reading starts, or goes on with what comes after that.
 */
@Internal
public final class TopicReader {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration NEW_PARTITIONS_AFTER = Duration.ofSeconds(10);

  /** What a message says. */
  public sealed interface Content permits Vector, Letter, Tombstone, Unreadable {}

  /** An embedding. */
  public record Vector(EmbeddingFields record) implements Content {}

  /**
   * A dead letter.
   *
   * @param id null where it could not be read
   * @param source of the message that was refused
   * @param failedAt when it was refused
   */
  public record Letter(String id, Failure failure, SourcePosition source, Instant failedAt)
      implements Content {}

  /**
   * No value: what is under the id is deleted.
   *
   * @param id null where the key says none
   * @param source of the message that asked for it
   */
  public record Tombstone(String id, SourcePosition source) implements Content {}

  /** Neither an embedding nor a dead letter. */
  public record Unreadable(String reason) implements Content {}

  /**
   * A message.
   *
   * @param position of it itself
   */
  public record Message(SourcePosition position, Content content) {

    /** Topic, partition and offset. */
    public String place() {
      return position.message();
    }

    /**
     * What it says, to be printed.
     *
     * @throws CommandFailure if it cannot be read
     */
    public Result answer() {
      if (content instanceof Vector vector) {
        return Result.of(vector.record(), position.timestamp());
      }
      if (content instanceof Letter letter) {
        return new Result(
            letter.id(),
            null,
            letter.failure(),
            new Origin(letter.source(), position.timestamp(), letter.failedAt(), null, Map.of()));
      }
      if (content instanceof Tombstone tombstone) {
        return Result.deleted(tombstone.id(), tombstone.source(), position.timestamp());
      }
      throw new CommandFailure("message " + place() + " " + ((Unreadable) content).reason());
    }
  }

  /** Takes messages. */
  @FunctionalInterface
  public interface Sink {

    /** Takes a message, and says whether it wants another. */
    boolean accept(Message message) throws IOException;

    /**
     * Called after some messages, or after none came for a while.
     *
     * @param read offsets that were gone through so far
     * @param all offsets that there are, as far as is known
     */
    default void progress(long read, long all) throws IOException {}
  }

  private final WireFormat format;
  private final EmbeddingReader embeddings;
  private final DeadLetterReader deadLetters;
  private volatile boolean stopped;

  /**
   * @param registry null unless the format needs it
   */
  public TopicReader(WireFormat format, SchemaRegistry registry) {
    this.format = format;
    embeddings = new EmbeddingReader(format, registry);
    deadLetters = new DeadLetterReader(format, registry);
  }

  /** Reads what is in the topic now. */
  public void read(Properties clientProperties, String topic, Sink sink) throws IOException {
    read(clientProperties, topic, false, sink);
  }

  /** Reads what is in the topic now and what will be, until {@link #stop}. */
  public void follow(Properties clientProperties, String topic, Sink sink) throws IOException {
    read(clientProperties, topic, true, sink);
  }

  /** Ends the reading after the messages that are at hand; may be called by any thread. */
  public void stop() {
    stopped = true;
  }

  private void read(Properties clientProperties, String topic, boolean follows, Sink sink)
      throws IOException {
    Properties properties = new Properties();
    properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    // Where the beginning was deleted meanwhile, what is left is read, not only what is new.
    properties.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.setProperty(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, "20000");
    // What the client says of partitions is as old as that.
    properties.setProperty(
        ConsumerConfig.METADATA_MAX_AGE_CONFIG, String.valueOf(NEW_PARTITIONS_AFTER.toMillis()));
    properties.putAll(clientProperties);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      Map<TopicPartition, Long> begins = new HashMap<>();
      Map<TopicPartition, Long> ends = new HashMap<>();
      assignNewPartitions(consumer, topic, begins, ends);
      long lastProgress = System.nanoTime();
      long assignedAt = lastProgress;
      while (!stopped && (follows || !isAt(ends, consumer))) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        if (!records.isEmpty()) {
          lastProgress = System.nanoTime();
        } else if (!follows && System.nanoTime() - lastProgress > PATIENCE.toNanos()) {
          throw new CommandFailure(
              "nothing came from topic '" + topic + "' for " + PATIENCE.toSeconds() + " s");
        }
        for (ConsumerRecord<byte[], byte[]> record : records) {
          boolean wanted =
              follows || record.offset() < ends.get(new TopicPartition(topic, record.partition()));
          if (wanted && !sink.accept(message(record))) {
            return;
          }
        }
        long read = 0;
        long all = 0;
        for (TopicPartition partition : ends.keySet()) {
          long position = consumer.position(partition);
          long end = follows ? Math.max(ends.get(partition), position) : ends.get(partition);
          read += Math.min(end, position) - begins.get(partition);
          all += end - begins.get(partition);
        }
        sink.progress(read, all);
        if (follows && System.nanoTime() - assignedAt > NEW_PARTITIONS_AFTER.toNanos()) {
          assignNewPartitions(consumer, topic, begins, ends);
          assignedAt = System.nanoTime();
        }
      }
    }
  }

  private static void assignNewPartitions(
      Consumer<byte[], byte[]> consumer,
      String topic,
      Map<TopicPartition, Long> begins,
      Map<TopicPartition, Long> ends) {
    List<TopicPartition> added =
        consumer.partitionsFor(topic).stream()
            .map(partition -> new TopicPartition(topic, partition.partition()))
            .filter(partition -> !ends.containsKey(partition))
            .toList();
    if (!added.isEmpty()) {
      begins.putAll(consumer.beginningOffsets(added));
      ends.putAll(consumer.endOffsets(added));
      consumer.assign(ends.keySet());
      consumer.seekToBeginning(added);
    }
  }

  private static boolean isAt(Map<TopicPartition, Long> ends, Consumer<byte[], byte[]> consumer) {
    return ends.entrySet().stream()
        .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  Message message(ConsumerRecord<byte[], byte[]> record) throws IOException {
    return new Message(position(record), content(record));
  }

  private Content content(ConsumerRecord<byte[], byte[]> record) throws IOException {
    if (record.value() == null) {
      return new Tombstone(ImageRecordReader.id(record.key()).orElse(null), source(record));
    }
    try {
      return new Vector(embeddings.read(record.value()));
    } catch (UnreadableRecordException e) {
      return letter(record.value(), e.getMessage());
    }
  }

  private Content letter(byte[] value, String whyNoEmbedding) throws IOException {
    try {
      DeadLetter letter = deadLetters.read(value);
      return new Letter(
          letter.getId(),
          new Failure(letter.getStage().name(), letter.getCode().name(), letter.getMessage()),
          EmbeddingFields.position(letter.getSource()),
          letter.getFailedAt());
    } catch (UnreadableRecordException e) {
      return new Unreadable(
          "is no embedding and no dead letter in " + format.key() + ": " + whyNoEmbedding);
    }
  }

  /** The job says it in a header; where somebody else wrote the tombstone, it is that itself. */
  private static SourcePosition source(ConsumerRecord<byte[], byte[]> record) {
    Header header = record.headers().lastHeader(SourceHeader.KEY);
    return Optional.ofNullable(header)
        .flatMap(said -> SourceHeader.read(said.value()))
        .orElseGet(() -> position(record));
  }

  private static SourcePosition position(ConsumerRecord<?, ?> record) {
    return new SourcePosition(
        record.topic(), record.partition(), record.offset(), record.timestamp());
  }
}
