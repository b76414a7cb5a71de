// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoredVector;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.common.DataType;
import io.milvus.v2.common.IndexParam;
import io.milvus.v2.service.collection.request.AddFieldReq;
import io.milvus.v2.service.collection.request.CreateCollectionReq;
import io.milvus.v2.service.collection.request.DropCollectionReq;
import io.milvus.v2.service.vector.request.UpsertReq;
import java.util.List;
import java.util.Map;

/**
 * What the store's speed is measured against: a loop of the client's own upsert of ids, vectors and
 * attributes only, into a collection with the same index.
 */
public final class BareUpserts implements AutoCloseable {
  private final MilvusSettings settings;
  private final MilvusClientV2 client;

  /** Makes the collection, which is dropped again at the end. */
  public BareUpserts(String address, int dimension) {
    settings = MilvusSettings.of(StoreAddress.parse(address));
    client = new MilvusClientV2(settings.connection());
    create(client, settings, dimension);
  }

  /** Writes a batch. */
  public void upsert(List<StoredVector> batch) {
    client.upsert(
        UpsertReq.builder()
            .collectionName(settings.collection())
            .data(batch.stream().map(BareUpserts::row).toList())
            .build());
  }

  @Override
  public void close() {
    try {
      drop(client, settings);
    } finally {
      client.close();
    }
  }

  /** Drops what a store has written. */
  public static void drop(String address) {
    MilvusSettings settings = MilvusSettings.of(StoreAddress.parse(address));
    MilvusClientV2 client = new MilvusClientV2(settings.connection());
    try {
      drop(client, settings);
    } finally {
      client.close();
    }
  }

  private static void drop(MilvusClientV2 client, MilvusSettings settings) {
    client.dropCollection(
        DropCollectionReq.builder().collectionName(settings.collection()).build());
  }

  private static void create(MilvusClientV2 client, MilvusSettings settings, int dimension) {
    CreateCollectionReq.CollectionSchema schema =
        CreateCollectionReq.CollectionSchema.builder().build();
    schema.addField(
        AddFieldReq.builder()
            .fieldName("id")
            .dataType(DataType.VarChar)
            .maxLength(2048)
            .isPrimaryKey(true)
            .build());
    schema.addField(
        AddFieldReq.builder()
            .fieldName("embedding")
            .dataType(DataType.FloatVector)
            .dimension(dimension)
            .build());
    schema.addField(
        AddFieldReq.builder()
            .fieldName("attributes")
            .dataType(DataType.VarChar)
            .maxLength(MilvusSchema.MAX_TEXT)
            .build());
    client.createCollection(
        CreateCollectionReq.builder()
            .collectionName(settings.collection())
            .collectionSchema(schema)
            .indexParams(
                List.of(
                    IndexParam.builder()
                        .fieldName("embedding")
                        .indexType(IndexParam.IndexType.HNSW)
                        .metricType(IndexParam.MetricType.COSINE)
                        .extraParams(
                            Map.of(
                                "M",
                                settings.connections(),
                                "efConstruction",
                                settings.efConstruction()))
                        .build()))
            .build());
  }

  private static JsonObject row(StoredVector stored) {
    JsonObject row = new JsonObject();
    row.addProperty("id", stored.id());
    JsonArray vector = new JsonArray(stored.vector().length);
    for (float feature : stored.vector()) {
      vector.add(feature);
    }
    row.add("embedding", vector);
    row.addProperty("attributes", String.valueOf(stored.image().attributes()));
    return row;
  }
}
