// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.NoRestartException;
import io.imageembedding.kafka.KafkaOptions.LostMessages;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import org.apache.flink.connector.kafka.source.reader.KafkaPartitionSplitReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches messages, in a thread of its own. An offset that is gone is never gone over silently: it
 * fails the job, or is counted and said.
 */
final class InputSplitReader extends KafkaPartitionSplitReader {
  private static final Logger LOG = LoggerFactory.getLogger(InputSplitReader.class);
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final InputSettings settings;
  private final InputMetrics metrics;
  private final InputReader.Shared shared;
  private final KafkaConsumer<?, ?> consumer;

  InputSplitReader(
      InputSettings settings,
      Properties properties,
      SourceReaderContext context,
      InputMetrics metrics,
      InputReader.Shared shared) {
    super(properties, context, metrics.connector());
    this.settings = settings;
    this.metrics = metrics;
    this.shared = shared;
    consumer = metrics.consumer();
  }

  @Override
  public RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> fetch() throws IOException {
    try {
      RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> records = super.fetch();
      Map<String, Long> positions = new HashMap<>();
      for (TopicPartition partition : consumer.assignment()) {
        positions.put(
            KafkaPartitionSplit.toSplitId(partition),
            undisturbed(() -> consumer.position(partition)));
      }
      return new Fetched(records, positions, shared);
    } catch (LogTruncationException e) {
      String what =
          "topic '"
              + settings.topic()
              + "' lost messages that were read, and may have others in their places: "
              + e.divergentOffsets();
      if (settings.lost() == LostMessages.FAIL) {
        throw new NoRestartException(what);
      }
      // Messages of other partitions may have been fetched with it, so the task begins again.
      throw new IOException(what, e);
    } catch (OffsetOutOfRangeException e) {
      return new Fetched(
          new RecordsBySplits.Builder<ConsumerRecord<byte[], byte[]>>().build(),
          goOnWithout(lost(e)),
          shared);
    }
  }

  private LostOffsets lost(OffsetOutOfRangeException e) {
    Map<TopicPartition, Long> wanted = e.offsetOutOfRangePartitions();
    return new LostOffsets()
        .of(
            wanted,
            undisturbed(() -> consumer.beginningOffsets(wanted.keySet(), PATIENCE)),
            undisturbed(() -> consumer.endOffsets(wanted.keySet(), PATIENCE)));
  }

  /** Positions after that. */
  private Map<String, Long> goOnWithout(LostOffsets lost) {
    if (settings.lost() == LostMessages.FAIL && !lost.isEmpty()) {
      throw lost.failure();
    }
    lost.first().forEach(consumer::seek);
    if (!lost.isEmpty()) {
      metrics.skipped(lost.messages());
      LOG.warn(
          "{}; going on with the first that is left, without {} messages",
          lost.describe(),
          lost.messages());
    }
    return lost.first().entrySet().stream()
        .collect(
            Collectors.toMap(
                first -> KafkaPartitionSplit.toSplitId(first.getKey()), Map.Entry::getValue));
  }

  @Override
  public void handleSplitsChanges(SplitsChange<KafkaPartitionSplit> change) {
    if (!(change instanceof SplitsAddition)) {
      super.handleSplitsChanges(change);
      return;
    }
    Set<TopicPartition> committed =
        change.splits().stream()
            .filter(split -> split.getStartingOffset() == KafkaPartitionSplit.COMMITTED_OFFSET)
            .map(KafkaPartitionSplit::getTopicPartition)
            .collect(Collectors.toSet());
    super.handleSplitsChanges(
        committed.isEmpty() ? change : new SplitsAddition<>(asNumbers(change.splits(), committed)));
    compareRestored(change.splits());
  }

  /** State of before may leave it to the consumer to find out what the group has committed. */
  private List<KafkaPartitionSplit> asNumbers(
      List<KafkaPartitionSplit> splits, Set<TopicPartition> committed) {
    Map<TopicPartition, OffsetAndMetadata> offsets =
        undisturbed(() -> consumer.committed(committed));
    return splits.stream()
        .map(
            split -> {
              if (!committed.contains(split.getTopicPartition())) {
                return split;
              }
              OffsetAndMetadata offset = offsets.get(split.getTopicPartition());
              return new KafkaPartitionSplit(
                  split.getTopicPartition(),
                  offset == null ? KafkaPartitionSplit.EARLIEST_OFFSET : offset.offset(),
                  split.getStoppingOffset().orElse(KafkaPartitionSplit.NO_STOPPING_OFFSET));
            })
        .toList();
  }

  /** Says how many messages are answered again because the checkpoint is not the newest. */
  private void compareRestored(List<KafkaPartitionSplit> splits) {
    Map<TopicPartition, Long> restored = new HashMap<>();
    for (KafkaPartitionSplit split : splits) {
      if (shared.restored.remove(split.splitId()) && split.getStartingOffset() >= 0) {
        restored.put(split.getTopicPartition(), split.getStartingOffset());
      }
    }
    if (restored.isEmpty()) {
      return;
    }
    Map<TopicPartition, OffsetAndMetadata> committed;
    try {
      committed = undisturbed(() -> consumer.committed(restored.keySet(), PATIENCE));
    } catch (KafkaException e) {
      LOG.warn(
          "It is not known whether messages of topic '{}' are answered again, because Kafka does not"
              + " say what consumer group '{}' has committed: {}",
          settings.topic(),
          settings.group(),
          e.getMessage());
      return;
    }
    Map<Integer, Long> repeated = new HashMap<>();
    committed.forEach(
        (partition, offset) -> {
          if (offset != null && offset.offset() > restored.get(partition)) {
            repeated.put(partition.partition(), offset.offset() - restored.get(partition));
          }
        });
    if (!repeated.isEmpty()) {
      long sum = repeated.values().stream().mapToLong(Long::longValue).sum();
      metrics.repeated(sum);
      LOG.warn(
          "{} messages of topic '{}' will be answered again: the restored state is older than what"
              + " consumer group '{}' has committed (partition=messages: {})",
          sum,
          settings.topic(),
          settings.group(),
          repeated);
    }
  }

  /**
   * Offsets of the last checkpoint are committed for sure, if Kafka takes them: what the connector
   * was told when the task was about to end it may not have come to, and a job that restores
   * nothing would read these messages again.
   */
  @Override
  public void close() throws Exception {
    // Of two that close at once, the later one commits what is newer.
    synchronized (shared) {
      Map<TopicPartition, OffsetAndMetadata> completed = shared.completed.get();
      try {
        if (!completed.isEmpty()) {
          commit(completed);
        }
      } catch (KafkaException e) {
        LOG.warn("Offsets {} were not committed: {}", completed, e.getMessage());
      }
    }
    super.close();
  }

  private void commit(Map<TopicPartition, OffsetAndMetadata> offsets) {
    undisturbed(
        () -> {
          consumer.commitSync(offsets, PATIENCE);
          return offsets;
        });
  }

  /** A call that is disturbed by {@link #wakeUp}, which may have come before it, is made again. */
  private static <V> V undisturbed(Supplier<V> call) {
    try {
      return call.get();
    } catch (WakeupException e) {
      return call.get();
    }
  }

  /** What was fetched, and where the consumer was then. */
  private record Fetched(
      RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> records,
      Map<String, Long> positions,
      InputReader.Shared shared)
      implements RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> {

    @Override
    public String nextSplit() {
      return records.nextSplit();
    }

    @Override
    public ConsumerRecord<byte[], byte[]> nextRecordFromSplit() {
      return records.nextRecordFromSplit();
    }

    @Override
    public Set<String> finishedSplits() {
      return records.finishedSplits();
    }

    @Override
    public void recycle() {
      records.recycle();
      shared.handedOn(positions);
    }
  }
}
