// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.table.StoreColumn.Kind;
import io.imageembedding.vectorstore.Filter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.config.VectorSearchRuntimeConfigOptions;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.VectorSearchTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsFilterPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.expressions.ResolvedExpression;
import org.apache.flink.table.types.DataType;

/**
 * Searches a store, and refuses to read all of it. Flink plans a search only where all conditions
 * of the searched subquery are the store's to keep, so one that it cannot keep is refused here.
 */
final class StoreTableSource
    implements VectorSearchTableSource,
        ScanTableSource,
        SupportsFilterPushDown,
        SupportsProjectionPushDown,
        SupportsReadingMetadata {

  private final StoreTable table;
  private List<StoreColumn> produced;
  private Filter filter = Filter.NONE;

  /**
   * @param produced columns of its rows, in their order
   */
  StoreTableSource(StoreTable table, List<StoreColumn> produced) {
    this.table = table;
    this.produced = List.copyOf(produced);
  }

  @Override
  public VectorSearchRuntimeProvider getSearchRuntimeProvider(VectorSearchContext context) {
    SqlOptions.checked(
        () -> {
          SqlOptions.requireKnown(
              "VECTOR_SEARCH",
              context.runtimeConfig(),
              VectorSearchRuntimeConfigOptions.ASYNC,
              VectorSearchRuntimeConfigOptions.ASYNC_OUTPUT_MODE,
              VectorSearchRuntimeConfigOptions.ASYNC_MAX_CONCURRENT_OPERATIONS,
              VectorSearchRuntimeConfigOptions.ASYNC_TIMEOUT);
          return true;
        });
    int[][] searched = context.getSearchColumns();
    if (searched.length != 1
        || searched[0].length != 1
        || produced.get(searched[0][0]).kind() != Kind.EMBEDDING) {
      throw new ValidationException(
          table.summary() + " is searched by its column of type ARRAY<FLOAT> alone");
    }
    return new StoreSearchProvider(
        new StoreSearch(table.address(), table.expected().orElse(null), produced, filter));
  }

  @Override
  public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
    throw new ValidationException(
        table.summary()
            + " is not read as a whole; allowed: VECTOR_SEARCH over it, or INSERT INTO it. To copy"
            + " or to list a store: embed store copy, embed search");
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return ChangelogMode.insertOnly();
  }

  @Override
  public Result applyFilters(List<ResolvedExpression> filters) {
    filter = SearchConditions.filter(filters, table.columns());
    return Result.of(filters, List.of());
  }

  @Override
  public boolean supportsNestedProjection() {
    return false;
  }

  @Override
  public void applyProjection(int[][] projected, DataType type) {
    List<StoreColumn> kept = new ArrayList<>();
    for (int[] path : projected) {
      kept.add(table.columns().get(path[0]));
    }
    produced = List.copyOf(kept);
  }

  @Override
  public Map<String, DataType> listReadableMetadata() {
    return Map.of(StoreTable.TIMESTAMP, DataTypes.TIMESTAMP_LTZ(3));
  }

  @Override
  public void applyReadableMetadata(List<String> keys, DataType type) {
    List<StoreColumn> all = new ArrayList<>(produced);
    keys.forEach(key -> all.add(new StoreColumn(Kind.TIMESTAMP, key)));
    produced = List.copyOf(all);
  }

  @Override
  public DynamicTableSource copy() {
    StoreTableSource copy = new StoreTableSource(table, produced);
    copy.filter = filter;
    return copy;
  }

  @Override
  public String asSummaryString() {
    return table.summary();
  }
}
