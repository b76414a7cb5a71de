// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.safety.Printable;
import io.imageembedding.table.StoreTableFactory.Refused;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.sink.VectorStoreSink;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.connector.sink.abilities.SupportsWritingMetadata;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.RowKind;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a changelog to a store by its ids, effectively once. */
final class StoreTableSink implements DynamicTableSink, SupportsWritingMetadata {
  private static final Logger LOG = LoggerFactory.getLogger(StoreTableSink.class);

  private final StoreTable table;
  private final Refused refused;
  private final @Nullable Integer parallelism;
  private boolean timestamped;

  /**
   * @param parallelism null for that of the input
   */
  StoreTableSink(StoreTable table, Refused refused, @Nullable Integer parallelism) {
    this.table = table;
    this.refused = refused;
    this.parallelism = parallelism;
  }

  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    if (requested.containsOnly(RowKind.INSERT)) {
      // Its versions decide, so Flink need not be told by ON CONFLICT.
      return ChangelogMode.insertOnly();
    }
    return ChangelogMode.newBuilder()
        .addContainedKind(RowKind.INSERT)
        .addContainedKind(RowKind.UPDATE_AFTER)
        .addContainedKind(RowKind.DELETE)
        .build();
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    return SqlOptions.checked(
        () -> {
          RowChanges changes =
              new RowChanges(table.columns(), table.expected().orElseThrow(), timestamped);
          VectorStoreSink.Builder<RowData> sink =
              VectorStoreSink.builder(table.text(), changes)
                  .expecting(table.expected().orElseThrow());
          if (refused == Refused.SKIP) {
            sink = sink.onRefused((row, change) -> log(change));
          }
          return SinkV2Provider.of(sink.build(), parallelism);
        });
  }

  private static void log(RefusedChange change) {
    LOG.warn(
        "{} is not stored: {}, {}",
        Printable.line(change.id()),
        change.reason(),
        Printable.line(change.message()));
  }

  @Override
  public Map<String, DataType> listWritableMetadata() {
    return Map.of(StoreTable.TIMESTAMP, DataTypes.TIMESTAMP_LTZ(3));
  }

  @Override
  public void applyWritableMetadata(List<String> keys, DataType consumed) {
    timestamped = keys.contains(StoreTable.TIMESTAMP);
  }

  @Override
  public DynamicTableSink copy() {
    StoreTableSink copy = new StoreTableSink(table, refused, parallelism);
    copy.timestamped = timestamped;
    return copy;
  }

  @Override
  public String asSummaryString() {
    return table.summary();
  }
}
