// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.safety.Printable;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.sink.ChangeExtractor;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;
import org.jspecify.annotations.Nullable;

/**
 * Makes a change of the store of each row of a changelog.
 *
 * <p>Rows that do not say which of two changes is the newer are versioned by the clock and by their
 * order in the writer. Flink brings all rows of a key to one writer, in their order, and after a
 * failure again from the last checkpoint on: so the last row wins, however often it comes. A write
 * of a failed attempt that arrives late is the older one.
 */
final class RowChanges implements ChangeExtractor<RowData> {
  private static final long serialVersionUID = 1L;
  private static final ImageInfo UNKNOWN = new ImageInfo("", 0, 0);

  private final List<StoreColumn> columns;
  private final CollectionSpec collection;
  private final boolean timestamped;

  private transient long latest;
  private transient long order;

  /**
   * @param timestamped whether a timestamp stands behind the columns
   */
  RowChanges(List<StoreColumn> columns, CollectionSpec collection, boolean timestamped) {
    this.columns = List.copyOf(columns);
    this.collection = collection;
    this.timestamped = timestamped;
  }

  @Override
  public Change change(RowData row) {
    String id = null;
    ArrayData vector = null;
    String uri = null;
    String format = UNKNOWN.format();
    int width = 0;
    int height = 0;
    Long capturedAt = null;
    Map<String, String> attributes = new TreeMap<>();
    for (int i = 0; i < columns.size(); i++) {
      if (row.isNullAt(i)) {
        continue;
      }
      StoreColumn column = columns.get(i);
      switch (column.kind()) {
        case ID -> id = row.getString(i).toString();
        case EMBEDDING -> vector = row.getArray(i);
        case URI -> uri = row.getString(i).toString();
        case FORMAT -> format = row.getString(i).toString();
        case WIDTH -> width = row.getInt(i);
        case HEIGHT -> height = row.getInt(i);
        case CAPTURED_AT -> capturedAt = row.getTimestamp(i, 3).getMillisecond();
        case VECTOR_SPACE -> requireSpace(row.getString(i).toString());
        case ATTRIBUTES -> addAll(row.getMap(i), attributes);
        case ATTRIBUTE -> attributes.put(column.name(), row.getString(i).toString());
        case TIMESTAMP -> throw new IllegalStateException("a timestamp is no physical column");
      }
    }
    if (id == null) {
      throw new StoreException("a row's primary key is NULL; needed: the id of a vector");
    }
    if (row.getRowKind() == RowKind.DELETE) {
      return new Deletion(id, version(row));
    }
    return new StoredVector(
        id,
        floats(vector, id),
        collection.space(),
        version(row),
        new ImageMetadata(new ImageInfo(format, width, height), uri, capturedAt, attributes));
  }

  private void requireSpace(String given) {
    Provenance space = collection.space();
    if (!given.equals(space.vectorSpace())) {
      throw new StoreException(
          "a row is of vector space "
              + Printable.line(given)
              + ", and the table takes "
              + space.vectorSpace()
              + ", of "
              + space.summary());
    }
  }

  private static float[] floats(@Nullable ArrayData vector, String id) {
    if (vector == null) {
      throw new StoreException(
          "the vector of '"
              + Printable.line(id)
              + "' is NULL; needed: a vector, so a statement that leaves out rows without one");
    }
    float[] floats = new float[vector.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = vector.isNullAt(i) ? Float.NaN : vector.getFloat(i);
    }
    return floats;
  }

  private static void addAll(MapData map, Map<String, String> attributes) {
    ArrayData keys = map.keyArray();
    ArrayData values = map.valueArray();
    for (int i = 0; i < map.size(); i++) {
      if (!keys.isNullAt(i) && !values.isNullAt(i)) {
        attributes.putIfAbsent(keys.getString(i).toString(), values.getString(i).toString());
      }
    }
  }

  private Version version(RowData row) {
    if (timestamped) {
      int last = columns.size();
      return Version.at(
          row.isNullAt(last)
              ? SourcePosition.NO_TIMESTAMP
              : row.getTimestamp(last, 3).getMillisecond());
    }
    latest = Math.max(latest, System.currentTimeMillis());
    return new Version(latest, "", 0, order++);
  }
}
