// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.vectorstore.Age;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import io.milvus.grpc.ArrayArray;
import io.milvus.grpc.BoolArray;
import io.milvus.grpc.DataType;
import io.milvus.grpc.FieldData;
import io.milvus.grpc.FloatArray;
import io.milvus.grpc.IntArray;
import io.milvus.grpc.LongArray;
import io.milvus.grpc.ScalarField;
import io.milvus.grpc.StringArray;
import io.milvus.grpc.UpsertRequest;
import io.milvus.grpc.VectorField;
import java.util.List;
import java.util.Random;

/**
 * Rows on their way to the server, as its protocol has them: column by column. The client's own
 * upsert takes rows of JSON, and boxes and checks every feature for longer than the server needs to
 * write it.
 */
final class Columns {
  private final int dimension;
  private final StringArray.Builder ids = StringArray.newBuilder();
  private final FloatArray.Builder embeddings = FloatArray.newBuilder();
  private final BoolArray.Builder deleted = BoolArray.newBuilder();
  private final LongArray.Builder timestamps = LongArray.newBuilder();
  private final StringArray.Builder topics = StringArray.newBuilder();
  private final IntArray.Builder partitions = IntArray.newBuilder();
  private final LongArray.Builder offsets = LongArray.newBuilder();
  private final LongArray.Builder tieBreaks = LongArray.newBuilder();
  private final ArrayArray.Builder images = texts();
  private final ArrayArray.Builder conditions = texts();
  private int rows;
  private long bytes;

  Columns(int dimension) {
    this.dimension = dimension;
  }

  void add(Change change, Age age) {
    Version version = age.version();
    ids.addData(change.id());
    deleted.addData(change instanceof Deletion);
    timestamps.addData(version.timestamp());
    topics.addData(version.topic());
    partitions.addData(version.partition());
    offsets.addData(version.offset());
    tieBreaks.addData(age.tieBreak());
    if (change instanceof StoredVector stored) {
      for (float feature : stored.vector()) {
        embeddings.addData(feature);
      }
      add(images, MilvusRows.parts(stored.image()));
      add(conditions, MilvusRows.conditions(stored));
    } else {
      addPlaceholder(change.id());
      add(images, List.of());
      add(conditions, List.of());
    }
    rows++;
    bytes += (long) dimension * Float.BYTES;
  }

  private void add(ArrayArray.Builder column, List<String> texts) {
    column.addData(
        ScalarField.newBuilder().setStringData(StringArray.newBuilder().addAllData(texts)));
    texts.forEach(text -> bytes += text.length());
  }

  /**
   * What stands where a deletion has no vector, as every row has to have one: another for each id,
   * so that many deletions are not one thick knot in the graph.
   */
  private void addPlaceholder(String id) {
    Random random = new Random(id.hashCode());
    for (int i = 0; i < dimension; i++) {
      embeddings.addData((float) random.nextGaussian());
    }
  }

  int rows() {
    return rows;
  }

  /** How large it is, about. */
  long bytes() {
    return bytes;
  }

  UpsertRequest request(MilvusSettings settings) {
    UpsertRequest.Builder request =
        UpsertRequest.newBuilder().setCollectionName(settings.collection()).setNumRows(rows);
    if (settings.database() != null) {
      request.setDbName(settings.database());
    }
    return request
        .addFieldsData(
            field(MilvusSchema.ID, DataType.VarChar, ScalarField.newBuilder().setStringData(ids)))
        .addFieldsData(
            FieldData.newBuilder()
                .setFieldName(MilvusSchema.EMBEDDING)
                .setType(DataType.FloatVector)
                .setVectors(VectorField.newBuilder().setDim(dimension).setFloatVector(embeddings)))
        .addFieldsData(
            field(
                MilvusSchema.DELETED, DataType.Bool, ScalarField.newBuilder().setBoolData(deleted)))
        .addFieldsData(longs(MilvusSchema.TIMESTAMP, timestamps))
        .addFieldsData(
            field(
                MilvusSchema.TOPIC,
                DataType.VarChar,
                ScalarField.newBuilder().setStringData(topics)))
        .addFieldsData(
            field(
                MilvusSchema.PARTITION,
                DataType.Int32,
                ScalarField.newBuilder().setIntData(partitions)))
        .addFieldsData(longs(MilvusSchema.OFFSET, offsets))
        .addFieldsData(longs(MilvusSchema.TIE_BREAK, tieBreaks))
        .addFieldsData(arrays(MilvusSchema.IMAGE, images))
        .addFieldsData(arrays(MilvusSchema.CONDITIONS, conditions))
        .build();
  }

  private static ArrayArray.Builder texts() {
    return ArrayArray.newBuilder().setElementType(DataType.VarChar);
  }

  private static FieldData.Builder longs(String name, LongArray.Builder column) {
    return field(name, DataType.Int64, ScalarField.newBuilder().setLongData(column));
  }

  private static FieldData.Builder arrays(String name, ArrayArray.Builder column) {
    return field(name, DataType.Array, ScalarField.newBuilder().setArrayData(column));
  }

  private static FieldData.Builder field(String name, DataType type, ScalarField.Builder column) {
    return FieldData.newBuilder().setFieldName(name).setType(type).setScalars(column);
  }
}
