// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.kafka.GuardedWriter.FirstRecord;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPostCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;

/**
 * The connector's {@link KafkaSink}, made safe to run for months: a fixed number of transactional
 * ids, a close that never throws, and an answer for every transaction of a restored state. What it
 * puts into a checkpoint has the names that the connector's sink has, so that states go on either
 * way.
 */
final class GuardedKafkaSink
    implements Sink<OutgoingMessage>,
        SupportsWriterState<OutgoingMessage, KafkaWriterState>,
        SupportsCommitter<SentTransaction>,
        SupportsPostCommitTopology<SentTransaction>,
        LineageVertexProvider {
  private static final long serialVersionUID = 1L;

  private final SinkSettings settings;
  private final KafkaSink<OutgoingMessage> sink;

  GuardedKafkaSink(SinkSettings settings) {
    this.settings = settings;
    sink =
        KafkaSink.<OutgoingMessage>builder()
            .setKafkaProducerConfig(settings.producer())
            .setRecordSerializer(new MessageSerializer(settings.topic()))
            .setDeliveryGuarantee(settings.guarantee())
            .setTransactionalIdPrefix(settings.transactionalIdPrefix())
            .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
            .build();
  }

  /**
   * Refuses a state that it could not go on from with that parallelism, where that can be seen
   * here.
   *
   * @param path that Flink restores from
   * @param uid of this sink
   * @throws KafkaSetupException saying which parallelism is possible
   */
  void requireRestorable(String path, String uid, int parallelism) {
    if (settings.guarantee() == DeliveryGuarantee.EXACTLY_ONCE) {
      OwnedTransactions.requireUnshared(path, uid, parallelism, getWriterStateSerializer());
    }
  }

  /**
   * What transactional ids of a state begin with, where it can be read here.
   *
   * @param path that Flink restores from
   * @param uid of this sink
   */
  Set<String> restoredPrefixes(String path, String uid) {
    return OwnedTransactions.prefixes(path, uid, getWriterStateSerializer());
  }

  @Override
  public GuardedWriter createWriter(WriterInitContext context) throws IOException {
    return restoreWriter(context, List.of());
  }

  @Override
  public GuardedWriter restoreWriter(
      WriterInitContext context, Collection<KafkaWriterState> recovered) throws IOException {
    FirstRecord first = new FirstRecord();
    WriterInitContext reporting = new ReportingWriterContext(context, first);
    Counter aborted = AbortedTransactions.of(settings, context.getTaskInfo());
    context
        .metricGroup()
        .addGroup(KafkaSinkMetrics.GROUP)
        .counter(KafkaSinkMetrics.TRANSACTIONS_ABORTED, aborted);
    return new GuardedWriter(
        settings.guarantee() == DeliveryGuarantee.EXACTLY_ONCE
            ? ConnectorWriter.restore(settings, reporting, recovered, aborted)
            : connectors().restoreWriter(reporting, recovered),
        settings,
        first,
        aborted);
  }

  @Override
  public SimpleVersionedSerializer<KafkaWriterState> getWriterStateSerializer() {
    return sink.getWriterStateSerializer();
  }

  @Override
  public Committer<SentTransaction> createCommitter(CommitterInitContext context) {
    return new GuardedCommitter(
        settings,
        sink.createCommitter(context),
        context
            .metricGroup()
            .addGroup(KafkaSinkMetrics.GROUP)
            .counter(KafkaSinkMetrics.TRANSACTIONS_LOST),
        AbortedTransactions.of(settings, context.getTaskInfo()));
  }

  @Override
  public SimpleVersionedSerializer<SentTransaction> getCommittableSerializer() {
    return new SentTransactionSerializer(sink.getCommittableSerializer());
  }

  /**
   * Keeps committer and writer on one machine, as the committer gives ids back to the writer. The
   * connector looks at the topology only, not at its elements.
   */
  @Override
  @SuppressWarnings("unchecked")
  public void addPostCommitTopology(DataStream<CommittableMessage<SentTransaction>> committer) {
    DataStream<?> any = committer;
    sink.addPostCommitTopology((DataStream<CommittableMessage<KafkaCommittable>>) any);
  }

  @Override
  public LineageVertex getLineageVertex() {
    return sink.getLineageVertex();
  }

  /** The type of the connector's writers is seen in its own package only. */
  private TwoPhaseCommittingStatefulSink<OutgoingMessage, KafkaWriterState, KafkaCommittable>
      connectors() {
    return sink;
  }
}
