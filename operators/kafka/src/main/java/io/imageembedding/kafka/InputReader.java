// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.NoRestartException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.synchronization.FutureCompletingBlockingQueue;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.connector.kafka.source.reader.KafkaSourceReader;
import org.apache.flink.connector.kafka.source.reader.fetcher.KafkaSourceFetcherManager;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitState;
import org.apache.flink.core.io.InputStatus;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * The reader of one subtask. Timestamps of messages never go back within a partition ({@link
 * OrderedSplit}). The offset that it keeps of a partition is where its consumer is, not only behind
 * the last message: otherwise the end of a transaction, which is no message, would be taken for a
 * lost one when it is gone.
 */
final class InputReader extends KafkaSourceReader<KafkaMessage> {

  /** What the task and its fetching thread share. */
  static final class Shared {
    /** Splits that come from a checkpoint. */
    final Set<String> restored = ConcurrentHashMap.newKeySet();

    /** Of each split that is read. */
    final Map<String, KafkaPartitionSplitState> states = new ConcurrentHashMap<>();

    /** Offsets of the newest checkpoint that is complete. */
    final AtomicReference<Map<TopicPartition, OffsetAndMetadata>> completed =
        new AtomicReference<>(Map.of());

    /** Everything that was fetched before the consumer was there has been handed on. */
    void handedOn(Map<String, Long> positions) {
      positions.forEach(
          (split, position) -> {
            KafkaPartitionSplitState state = states.get(split);
            if (state != null) {
              state.setCurrentOffset(position);
            }
          });
    }
  }

  private final String topic;
  private final Shared shared;
  private final boolean committing;
  private final NavigableMap<Long, Map<TopicPartition, OffsetAndMetadata>> snapshots =
      new TreeMap<>();
  private final Map<TopicPartition, OffsetAndMetadata> finishedAt = new HashMap<>();
  private boolean started;

  private InputReader(
      FutureCompletingBlockingQueue<RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>>> queue,
      InputSettings settings,
      Properties properties,
      SourceReaderContext context,
      InputMetrics metrics,
      Shared shared) {
    super(
        queue,
        new KafkaSourceFetcherManager(
            queue,
            () -> new InputSplitReader(settings, properties, context, metrics, shared),
            finished -> {}),
        InputReader::emit,
        configuration(properties),
        context,
        metrics.connector());
    topic = settings.topic();
    this.shared = shared;
    committing =
        KafkaSourceOptions.getOption(
            properties, KafkaSourceOptions.COMMIT_OFFSETS_ON_CHECKPOINT, Boolean::parseBoolean);
  }

  static InputReader of(
      InputSettings settings, Properties properties, SourceReaderContext context) {
    return new InputReader(
        new FutureCompletingBlockingQueue<>(),
        settings,
        properties,
        context,
        new InputMetrics(context.metricGroup()),
        new Shared());
  }

  private static Configuration configuration(Properties properties) {
    Configuration configuration = new Configuration();
    properties
        .stringPropertyNames()
        .forEach(key -> configuration.setString(key, properties.getProperty(key)));
    return configuration;
  }

  private static void emit(
      ConsumerRecord<byte[], byte[]> read,
      SourceOutput<KafkaMessage> output,
      KafkaPartitionSplitState split) {
    output.collect(
        new KafkaMessage(
            read.key(),
            read.value(),
            KafkaHeader.of(read.headers()),
            read.topic(),
            read.partition(),
            read.offset(),
            ((OrderedSplit.State) split).ordered(read.timestamp())),
        read.timestamp());
    split.setCurrentOffset(read.offset() + 1);
  }

  @Override
  public InputStatus pollNext(ReaderOutput<KafkaMessage> output) throws Exception {
    try {
      return super.pollNext(output);
    } catch (Exception e) {
      // Also what the operators of this chain throw comes by here.
      throw TaskFailureException.of(e);
    }
  }

  @Override
  public void addSplits(List<KafkaPartitionSplit> splits) {
    for (KafkaPartitionSplit split : splits) {
      if (!split.getTopic().equals(topic)) {
        throw new NoRestartException(
            RestoredInput.otherTopic("that is restored", split.getTopic(), topic));
      }
    }
    if (!started) {
      splits.forEach(split -> shared.restored.add(split.splitId()));
    }
    super.addSplits(splits);
  }

  @Override
  public void start() {
    started = true;
    super.start();
  }

  @Override
  protected KafkaPartitionSplitState initializedState(KafkaPartitionSplit split) {
    KafkaPartitionSplitState state = new OrderedSplit.State(split);
    shared.states.put(split.splitId(), state);
    return state;
  }

  @Override
  protected void onSplitFinished(Map<String, KafkaPartitionSplitState> finished) {
    shared.states.keySet().removeAll(finished.keySet());
    for (KafkaPartitionSplitState split : finished.values()) {
      split
          .getStoppingOffset()
          .filter(stop -> stop > split.getCurrentOffset())
          .ifPresent(split::setCurrentOffset);
      keep(split.getTopicPartition(), split.getCurrentOffset(), finishedAt);
    }
    super.onSplitFinished(finished);
  }

  @Override
  public List<KafkaPartitionSplit> snapshotState(long checkpointId) {
    List<KafkaPartitionSplit> splits = super.snapshotState(checkpointId);
    if (committing) {
      Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>(finishedAt);
      splits.forEach(split -> keep(split.getTopicPartition(), split.getStartingOffset(), offsets));
      snapshots.put(checkpointId, offsets);
    }
    return splits;
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) throws Exception {
    Map<TopicPartition, OffsetAndMetadata> offsets = snapshots.get(checkpointId);
    if (offsets != null) {
      shared.completed.set(offsets);
    }
    snapshots.headMap(checkpointId, true).clear();
    super.notifyCheckpointComplete(checkpointId);
  }

  private static void keep(
      TopicPartition partition, long offset, Map<TopicPartition, OffsetAndMetadata> offsets) {
    if (offset >= 0) {
      offsets.put(partition, new OffsetAndMetadata(offset));
    }
  }
}
