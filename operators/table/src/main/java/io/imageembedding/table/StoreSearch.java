// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.table.StoreColumn.Kind;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Stores;
import io.imageembedding.vectorstore.VectorStore;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.jspecify.annotations.Nullable;

/**
 * A search, as it was planned, and its results as rows: the columns, then the score.
 *
 * @param expected what the store must hold, null where nobody knows
 * @param columns of the rows, in their order
 */
record StoreSearch(
    StoreAddress address,
    @Nullable CollectionSpec expected,
    List<StoreColumn> columns,
    Filter filter)
    implements Serializable {

  /** Opens the store to be searched, for its caller to close. */
  VectorStore open() {
    OpenMode mode = OpenMode.read();
    return Stores.open(address, expected == null ? mode : mode.expecting(expected), () -> {});
  }

  /**
   * The nearest vectors, nearest first. None where a query has no direction or no numbers.
   *
   * @throws io.imageembedding.vectorstore.StoreException if the store cannot be searched, or holds
   *     vectors of another length
   */
  List<RowData> search(VectorStore store, int most, float[] query) {
    List<RowData> rows = new ArrayList<>(most);
    if (!hasDirection(query)) {
      return rows;
    }
    boolean vectors = columns.stream().anyMatch(column -> column.kind() == Kind.EMBEDDING);
    for (Hit hit : store.search(query, most, filter)) {
      float[] vector = vectors ? store.get(hit.id()).map(StoredVector::vector).orElse(null) : null;
      rows.add(row(hit, vector));
    }
    return rows;
  }

  private static boolean hasDirection(float[] query) {
    double squares = 0;
    for (float feature : query) {
      squares += (double) feature * feature;
    }
    return squares > 0 && Double.isFinite(squares);
  }

  static float[] floats(ArrayData array) {
    float[] floats = new float[array.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = array.isNullAt(i) ? Float.NaN : array.getFloat(i);
    }
    return floats;
  }

  private RowData row(Hit hit, float @Nullable [] vector) {
    GenericRowData row = new GenericRowData(columns.size() + 1);
    for (int i = 0; i < columns.size(); i++) {
      StoreColumn column = columns.get(i);
      row.setField(
          i,
          switch (column.kind()) {
            case ID -> text(hit.id());
            case EMBEDDING -> vector == null ? null : new GenericArrayData(vector);
            case URI -> text(hit.image().uri());
            case FORMAT -> text(hit.image().info().format());
            case WIDTH -> hit.image().info().width();
            case HEIGHT -> hit.image().info().height();
            case CAPTURED_AT -> instant(hit.image().capturedAt());
            case VECTOR_SPACE -> expected == null ? null : text(expected.space().vectorSpace());
            case ATTRIBUTES -> attributes(hit.image().attributes());
            case ATTRIBUTE -> text(hit.image().attributes().get(column.name()));
            case TIMESTAMP -> instant(hit.version().timestamp());
          });
    }
    row.setField(columns.size(), (double) hit.score());
    return row;
  }

  private GenericMapData attributes(Map<String, String> all) {
    Set<String> apart =
        columns.stream()
            .filter(column -> column.kind() == Kind.ATTRIBUTE)
            .map(StoreColumn::name)
            .collect(Collectors.toSet());
    Map<StringData, StringData> rest = new HashMap<>();
    all.forEach(
        (key, value) -> {
          if (!apart.contains(key)) {
            rest.put(StringData.fromString(key), StringData.fromString(value));
          }
        });
    return new GenericMapData(rest);
  }

  private static @Nullable StringData text(@Nullable String text) {
    return text == null ? null : StringData.fromString(text);
  }

  private static @Nullable TimestampData instant(@Nullable Long millis) {
    return millis == null ? null : TimestampData.fromEpochMillis(millis);
  }
}
