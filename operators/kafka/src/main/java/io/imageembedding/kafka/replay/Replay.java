// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka.replay;

import io.imageembedding.kafka.replay.ReplayCounts.Skipped;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.DeadLetterReader;
import io.imageembedding.schema.OmittedOriginal;
import io.imageembedding.schema.UnreadableRecordException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.BiConsumer;
import java.util.function.ObjLongConsumer;
import org.apache.flink.annotation.Internal;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Sends the originals of dead letters again, each once in a run: what is sent and how far was read
 * are committed in one transaction, the latter for a consumer group of the run's name. A run that
 * was interrupted, or killed, goes on from there when it is started again, and so does one that had
 * come to the end: then with what has come since. Two processes with the same run do not send the
 * same twice either; the one that began first ends with an error.
 *
 * <p>It reads from there to where the committed messages end when it begins, so what is refused
 * again is not sent in circles.
 */
@Internal
public final class Replay {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Selection selection;
  private final Settings settings;
  private final DeadLetterReader reader;
  private final BiConsumer<String, String> skipped;
  private final ObjLongConsumer<Long> progress;
  private final ReplayCounts counts = new ReplayCounts();
  private volatile boolean stopped;

  /**
   * How it is done.
   *
   * @param runName consumer group and transactional id
   * @param maxTries how often an original may be sent again
   * @param oldest timestamp that the topic keeps; null: originals get the time when they are sent
   * @param sends false: nothing is sent and nothing committed
   */
  public record Settings(String runName, int maxTries, Long oldest, boolean sends) {}

  /** A dead letter that is to be sent, and where it lies. */
  record Sendable(String place, DeadLetter letter) {}

  /**
   * @param skipped takes the place of each dead letter that is not sent though it was selected,
   *     with the reason
   * @param progress takes offsets that were gone through, and how many there are
   */
  public Replay(
      Selection selection,
      Settings settings,
      DeadLetterReader reader,
      BiConsumer<String, String> skipped,
      ObjLongConsumer<Long> progress) {
    this.selection = selection;
    this.settings = settings;
    this.reader = reader;
    this.skipped = skipped;
    this.progress = progress;
  }

  /** Ends it after the messages that are at hand; may be called by any thread. */
  public void stop() {
    stopped = true;
  }

  /** Whether it was ended before its end. */
  public boolean isStopped() {
    return stopped;
  }

  /** What is done, and committed. */
  public ReplayCounts counts() {
    return counts;
  }

  /**
   * Reads and sends.
   *
   * @throws ReplayException if it cannot go on; what it committed is counted
   * @throws IOException if the schema registry does not answer
   */
  public void run(Properties clientProperties) throws IOException {
    try (ReplayProducer producer =
            settings.sends()
                ? new ReplayProducer(clientProperties, selection.toTopic(), settings.runName())
                : null;
        KafkaConsumer<byte[], byte[]> consumer = consumer(clientProperties)) {
      run(consumer, producer);
    } catch (KafkaException e) {
      throw new ReplayException(
          "the replay ended early: " + e.getMessage() + "; started again, it goes on", e);
    }
  }

  private KafkaConsumer<byte[], byte[]> consumer(Properties clientProperties) {
    Properties properties = new Properties();
    properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.setProperty(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, "20000");
    properties.putAll(clientProperties);
    properties.setProperty(ConsumerConfig.GROUP_ID_CONFIG, settings.runName());
    properties.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private void run(KafkaConsumer<byte[], byte[]> consumer, ReplayProducer producer)
      throws IOException {
    List<TopicPartition> partitions =
        consumer.partitionsFor(selection.fromTopic()).stream()
            .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
            .toList();
    // Offsets are asked for after the producer has ended what an earlier process had begun.
    consumer.assign(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    Map<TopicPartition, Long> begins = new HashMap<>();
    for (TopicPartition partition : partitions) {
      begins.put(partition, Math.min(ends.get(partition), consumer.position(partition)));
    }
    long lastProgress = System.nanoTime();
    while (!stopped && !isAt(ends, consumer)) {
      ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
      if (!records.isEmpty()) {
        lastProgress = System.nanoTime();
        replay(records, ends, consumer, producer);
      } else if (System.nanoTime() - lastProgress > PATIENCE.toNanos()) {
        throw new ReplayException(
            "nothing came from topic '"
                + selection.fromTopic()
                + "' for "
                + PATIENCE.toSeconds()
                + " s; started again, it goes on",
            null);
      }
      long read = 0;
      long all = 0;
      for (TopicPartition partition : partitions) {
        read += Math.min(ends.get(partition), consumer.position(partition)) - begins.get(partition);
        all += ends.get(partition) - begins.get(partition);
      }
      progress.accept(read, all);
    }
  }

  private static boolean isAt(
      Map<TopicPartition, Long> ends, KafkaConsumer<byte[], byte[]> consumer) {
    return ends.entrySet().stream()
        .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  /** One transaction: what is sent of these records, and that they were read. */
  private void replay(
      ConsumerRecords<byte[], byte[]> records,
      Map<TopicPartition, Long> ends,
      KafkaConsumer<byte[], byte[]> consumer,
      ReplayProducer producer)
      throws IOException {
    ReplayCounts part = new ReplayCounts();
    List<Sendable> sendable = new ArrayList<>();
    Map<TopicPartition, OffsetAndMetadata> read = new HashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      TopicPartition partition = new TopicPartition(record.topic(), record.partition());
      if (record.offset() < ends.get(partition)) {
        read.put(partition, new OffsetAndMetadata(record.offset() + 1));
        sort(record, sendable, part);
      }
    }
    if (read.isEmpty()) {
      return;
    }
    if (producer != null) {
      producer.send(
          sendable,
          settings.oldest(),
          letter ->
              skip(letter.place(), "it is larger than the topic takes", Skipped.TOO_LARGE, part),
          read,
          consumer.groupMetadata(),
          sent -> part.replayed(sent.letter().getCode()));
    } else {
      sendable.forEach(letter -> part.replayed(letter.letter().getCode()));
    }
    counts.add(part);
  }

  private void sort(
      ConsumerRecord<byte[], byte[]> record, List<Sendable> sendable, ReplayCounts part)
      throws IOException {
    String place = record.topic() + "-" + record.partition() + "-" + record.offset();
    DeadLetter letter;
    try {
      letter = reader.read(record.value());
    } catch (UnreadableRecordException e) {
      skip(place, e.getMessage(), Skipped.UNREADABLE, part);
      return;
    }
    if (!selection.contains(letter)) {
      part.passedOver();
      return;
    }
    Optional<String> omitted = OmittedOriginal.notedIn(letter);
    if (omitted.isPresent()) {
      skip(
          place,
          "it is without the original " + omitted.get(),
          omitted.get().equals("value") ? Skipped.NO_VALUE : Skipped.NO_HEADERS,
          part);
    } else if (Original.tries(letter) >= settings.maxTries()) {
      skip(
          place,
          "its original was sent again " + Original.tries(letter) + " times",
          Skipped.TRIED,
          part);
    } else {
      sendable.add(new Sendable(place, letter));
    }
  }

  private void skip(String place, String why, Skipped reason, ReplayCounts part) {
    part.skipped(reason);
    skipped.accept(place, why);
  }
}
