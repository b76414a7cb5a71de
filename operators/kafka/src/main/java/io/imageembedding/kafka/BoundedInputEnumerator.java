// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * Gives out the partitions of an input that ends, as the connector does, and ends it in a restored
 * job, too: the connector's {@code KafkaSourceEnumerator} does not tell its readers that there is
 * nothing more where a restored job finds the partitions that it had ({@code checkPartitionChanges}
 * returns before it is noted). It also fails the job when the topic is gone, which the connector
 * asks for only while it looks for new partitions, so never in such a job.
 *
 * <p>State is the connector's. Everything happens in the coordinator's thread, but what asks Kafka.
 */
final class BoundedInputEnumerator
    implements SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> {

  private final InputSettings settings;
  private final InputPartitions partitions;
  private final SplitEnumeratorContext<KafkaPartitionSplit> context;
  private final SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> connector;
  private final Set<Integer> told = new HashSet<>();
  private int asking;
  private boolean complete;
  private AdminClient admin;

  /**
   * @param connector makes the connector's enumerator, for the context that it is to use
   */
  BoundedInputEnumerator(
      InputSettings settings,
      InputPartitions partitions,
      SplitEnumeratorContext<KafkaPartitionSplit> context,
      Function<
              SplitEnumeratorContext<KafkaPartitionSplit>,
              SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState>>
          connector) {
    this.settings = settings;
    this.partitions = partitions;
    this.context = context;
    this.connector = connector.apply(new Context());
  }

  @Override
  public void start() {
    connector.start();
    long watch = settings.watch().toMillis();
    if (watch > 0) {
      Properties properties = settings.enumerator();
      properties.setProperty(
          AdminClientConfig.CLIENT_ID_CONFIG, settings.clientId() + "-topic-watch");
      admin = AdminClient.create(properties);
      context.callAsync(
          () -> partitions.getSubscribedTopicPartitions(admin),
          (found, failure) -> {
            if (failure != null) {
              throw new FlinkRuntimeException("The input topic is gone", failure);
            }
          },
          watch,
          watch);
    }
  }

  @Override
  public void handleSplitRequest(int subtask, String host) {
    connector.handleSplitRequest(subtask, host);
  }

  @Override
  public void addSplitsBack(List<KafkaPartitionSplit> splits, int subtask) {
    connector.addSplitsBack(splits, subtask);
  }

  @Override
  public void addReader(int subtask) {
    told.remove(subtask);
    connector.addReader(subtask);
    if (complete) {
      tellThatThisIsAll(subtask);
    }
  }

  @Override
  public KafkaSourceEnumState snapshotState(long checkpointId) throws Exception {
    return connector.snapshotState(checkpointId);
  }

  @Override
  public void close() throws IOException {
    try {
      connector.close();
    } finally {
      if (admin != null) {
        admin.close(Duration.ZERO);
      }
    }
  }

  private void answered() {
    asking--;
    if (asking == 0) {
      complete = true;
      List.copyOf(context.registeredReaders().keySet()).forEach(this::tellThatThisIsAll);
    }
  }

  private void tellThatThisIsAll(int subtask) {
    if (told.add(subtask)) {
      context.signalNoMoreSplits(subtask);
    }
  }

  /** Sees when the connector has nothing more to ask Kafka, and whom it has told. */
  private final class Context implements SplitEnumeratorContext<KafkaPartitionSplit> {

    @Override
    public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
      asking++;
      context.callAsync(
          callable,
          (result, failure) -> {
            handler.accept(result, failure);
            answered();
          });
    }

    @Override
    public <T> void callAsync(
        Callable<T> callable,
        BiConsumer<T, Throwable> handler,
        long initialDelayMillis,
        long periodMillis) {
      context.callAsync(callable, handler, initialDelayMillis, periodMillis);
    }

    @Override
    public void signalNoMoreSplits(int subtask) {
      told.add(subtask);
      context.signalNoMoreSplits(subtask);
    }

    @Override
    public SplitEnumeratorMetricGroup metricGroup() {
      return context.metricGroup();
    }

    @Override
    public void sendEventToSourceReader(int subtask, SourceEvent event) {
      context.sendEventToSourceReader(subtask, event);
    }

    @Override
    public int currentParallelism() {
      return context.currentParallelism();
    }

    @Override
    public Map<Integer, ReaderInfo> registeredReaders() {
      return context.registeredReaders();
    }

    @Override
    public void assignSplits(SplitsAssignment<KafkaPartitionSplit> assignment) {
      context.assignSplits(assignment);
    }

    @Override
    public void runInCoordinatorThread(Runnable runnable) {
      context.runInCoordinatorThread(runnable);
    }
  }
}
