// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.TestingVectors;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.common.DataType;
import io.milvus.v2.common.IndexParam;
import io.milvus.v2.service.collection.request.AddFieldReq;
import io.milvus.v2.service.collection.request.CreateCollectionReq;
import io.milvus.v2.service.vector.request.UpsertReq;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the store's speed is measured against: a loop of the client's own upsert, in batches of 100,
 * of ids, vectors and attributes only, into a collection with the same index. Arguments: address of
 * a store whose collection does not exist, number of vectors.
 */
final class BareUpserts {
  private static final int DIMENSION = 1280;
  private static final int BATCH = 100;

  private BareUpserts() {}

  public static void main(String[] args) {
    MilvusSettings settings = MilvusSettings.of(StoreAddress.parse(args[0]));
    int count = Integer.parseInt(args[1]);
    TestingVectors vectors = new TestingVectors(DIMENSION, 5);
    float[][] some = new float[1000][];
    for (int i = 0; i < some.length; i++) {
      some[i] = vectors.next();
    }
    MilvusClientV2 client = new MilvusClientV2(settings.connection());
    try {
      create(client, settings);
      long start = System.nanoTime();
      for (int from = 0; from < count; from += BATCH) {
        client.upsert(
            UpsertReq.builder()
                .collectionName(settings.collection())
                .data(rows(from, some))
                .build());
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          "bare upserts: %d in %.1f s, %.0f a second%n", count, seconds, count / seconds);
    } finally {
      client.close();
    }
  }

  private static void create(MilvusClientV2 client, MilvusSettings settings) {
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
            .dimension(DIMENSION)
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

  private static List<JsonObject> rows(int from, float[][] some) {
    List<JsonObject> rows = new ArrayList<>(BATCH);
    for (int i = from; i < from + BATCH; i++) {
      JsonObject row = new JsonObject();
      row.addProperty("id", "image-" + i + ".jpg");
      JsonArray vector = new JsonArray(DIMENSION);
      for (float feature : some[i % some.length]) {
        vector.add(feature);
      }
      row.add("embedding", vector);
      row.addProperty("attributes", "{\"class\": \"class-" + i % 10 + "\"}");
      rows.add(row);
    }
    return rows;
  }
}
