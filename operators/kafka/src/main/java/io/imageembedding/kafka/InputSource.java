// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.util.List;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.DefaultTypeDatasetFacet;
import org.apache.flink.connector.kafka.lineage.LineageUtil;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumStateSerializer;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumerator;
import org.apache.flink.connector.kafka.source.enumerator.initializer.NoStoppingOffsetsInitializer;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;
import org.apache.flink.streaming.api.lineage.SourceLineageVertex;

/**
 * Reads the input topic with the parts of the connector's {@code KafkaSource}, whose state it has:
 * each goes on from the savepoints of the other. Beyond what that does,
 *
 * <ul>
 *   <li>offsets that are gone fail the job, or are counted, as {@link
 *       KafkaOptions#INPUT_LOST_MESSAGES} says ({@link InputSplitReader});
 *   <li>a restored job says how many messages it answers again ({@link InputSplitReader});
 *   <li>an input that ends does so in a restored job, too ({@link BoundedInputEnumerator});
 *   <li>a topic that is gone fails the job by its name ({@link InputPartitions});
 *   <li>timestamps of messages never go back within a partition ({@link OrderedSplit}).
 * </ul>
 */
final class InputSource
    implements Source<KafkaMessage, KafkaPartitionSplit, KafkaSourceEnumState>,
        ResultTypeQueryable<KafkaMessage>,
        LineageVertexProvider {
  private static final long serialVersionUID = 1L;

  /** What its state is found by. */
  static final String UID = "images";

  private final InputSettings settings;
  private final InputPartitions partitions;
  private final Properties properties;

  InputSource(InputSettings settings) {
    this.settings = settings;
    partitions = new InputPartitions(settings);
    properties = settings.connector();
  }

  @Override
  public Boundedness getBoundedness() {
    return settings.bounded() ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<KafkaMessage, KafkaPartitionSplit> createReader(SourceReaderContext context) {
    return InputReader.of(settings, properties, context);
  }

  @Override
  public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context) {
    return restoreEnumerator(context, new KafkaSourceEnumState(List.of(), List.of(), false));
  }

  @Override
  public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState state) {
    return settings.bounded()
        ? new BoundedInputEnumerator(
            settings, partitions, context, seen -> connectorsEnumerator(seen, state))
        : connectorsEnumerator(context, state);
  }

  private KafkaSourceEnumerator connectorsEnumerator(
      SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState state) {
    return new KafkaSourceEnumerator(
        partitions,
        new InputOffsets(settings),
        settings.bounded() ? OffsetsInitializer.latest() : new NoStoppingOffsetsInitializer(),
        settings.enumerator(),
        context,
        getBoundedness(),
        state);
  }

  @Override
  public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
    return new OrderedSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<KafkaSourceEnumState> getEnumeratorCheckpointSerializer() {
    return new KafkaSourceEnumStateSerializer();
  }

  @Override
  public TypeInformation<KafkaMessage> getProducedType() {
    return KafkaMessage.typeInformation();
  }

  @Override
  public SourceLineageVertex getLineageVertex() {
    DefaultKafkaDatasetIdentifier topic =
        DefaultKafkaDatasetIdentifier.ofTopics(List.of(settings.topic()));
    return LineageUtil.sourceLineageVertexOf(
        List.of(
            LineageUtil.datasetOf(
                LineageUtil.namespaceOf(properties),
                new DefaultKafkaDatasetFacet(topic, properties),
                new DefaultTypeDatasetFacet(getProducedType()))));
  }
}
