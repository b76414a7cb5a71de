// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.embedding.Provenance;
import io.imageembedding.vectorstore.ChangeBatch;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreException;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.common.ConsistencyLevel;
import io.milvus.v2.common.DataType;
import io.milvus.v2.common.IndexParam;
import io.milvus.v2.exception.MilvusClientException;
import io.milvus.v2.service.collection.request.AddFieldReq;
import io.milvus.v2.service.collection.request.CreateCollectionReq;
import io.milvus.v2.service.collection.request.DescribeCollectionReq;
import io.milvus.v2.service.collection.request.GetLoadStateReq;
import io.milvus.v2.service.collection.request.HasCollectionReq;
import io.milvus.v2.service.collection.request.LoadCollectionReq;
import io.milvus.v2.service.collection.response.DescribeCollectionResp;
import io.milvus.v2.service.index.request.CreateIndexReq;
import io.milvus.v2.service.index.request.DescribeIndexReq;
import io.milvus.v2.service.index.request.ListIndexesReq;
import io.milvus.v2.service.index.response.DescribeIndexResp.IndexDesc;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The collection of a store: made, or checked to be what is needed. What its vectors have in common
 * stands in its properties.
 */
final class MilvusSchema {
  static final String ID = "id";
  static final String EMBEDDING = "embedding";
  static final String DELETED = "deleted";
  static final String TIMESTAMP = "version_timestamp";
  static final String TOPIC = "topic";
  static final String PARTITION = "topic_partition";
  static final String OFFSET = "topic_offset";
  static final String TIE_BREAK = "tie_break";
  static final String IMAGE = "image";
  static final String CONDITIONS = "conditions";

  /** Longest text of a field, in bytes. */
  static final int MAX_TEXT = 65_535;

  /** Texts that the longest metadata are cut into: a character may take six as JSON. */
  private static final int MAX_IMAGE_PARTS =
      6 * ChangeBatch.MAX_METADATA_CHARACTERS / MAX_TEXT + 32;

  private static final Logger LOG = LoggerFactory.getLogger(MilvusSchema.class);
  private static final String PROPERTY = "image_embedding.";
  private static final String FORMAT = "1";

  private final MilvusSettings settings;

  MilvusSchema(MilvusSettings settings) {
    this.settings = settings;
  }

  /** What the collection holds; empty where there is none. */
  Optional<CollectionSpec> read(MilvusClientV2 client) {
    if (!client.hasCollection(
        HasCollectionReq.builder().collectionName(settings.collection()).build())) {
      return Optional.empty();
    }
    DescribeCollectionResp there =
        client.describeCollection(
            DescribeCollectionReq.builder().collectionName(settings.collection()).build());
    Map<String, String> found = new LinkedHashMap<>();
    there
        .getCollectionSchema()
        .getFieldSchemaList()
        .forEach(field -> found.put(field.getName(), type(field.getDataType(), field)));
    String format = there.getProperties().get(PROPERTY + "format");
    if (format == null) {
      throw new StoreException(
          settings.name() + ": the collection is there, but not one of ours; it has " + found);
    }
    if (!format.equals(FORMAT)) {
      throw new StoreException(
          settings.name() + " has format " + format + "; this version reads format " + FORMAT);
    }
    CollectionSpec collection = decode(there.getProperties());
    fields(collection.dimension())
        .forEach(
            field -> {
              String needed = type(field.getDataType(), field);
              String is = found.getOrDefault(field.getFieldName(), "missing");
              if (!is.equals(needed)) {
                throw new StoreException(
                    settings.name()
                        + ": the field "
                        + field.getFieldName()
                        + " is "
                        + is
                        + ", but has to be "
                        + needed);
              }
            });
    return Optional.of(collection);
  }

  private static String type(DataType type, CreateCollectionReq.FieldSchema field) {
    return type == DataType.FloatVector ? type + "(" + field.getDimension() + ")" : type.toString();
  }

  private static String type(DataType type, AddFieldReq field) {
    return type == DataType.FloatVector ? type + "(" + field.getDimension() + ")" : type.toString();
  }

  /** Makes the collection, unless another writer did in the meantime; what it holds then. */
  CollectionSpec create(MilvusClientV2 client, CollectionSpec collection) {
    CreateCollectionReq.CollectionSchema schema =
        CreateCollectionReq.CollectionSchema.builder().build();
    fields(collection.dimension()).forEach(schema::addField);
    try {
      client.createCollection(
          CreateCollectionReq.builder()
              .collectionName(settings.collection())
              .description(collection.summary())
              .collectionSchema(schema)
              .consistencyLevel(ConsistencyLevel.STRONG)
              .properties(encode(collection))
              .build());
    } catch (MilvusClientException e) {
      return read(client).orElseThrow(() -> e);
    }
    return read(client).orElseThrow();
  }

  private static List<AddFieldReq> fields(int dimension) {
    return List.of(
        AddFieldReq.builder()
            .fieldName(ID)
            .dataType(DataType.VarChar)
            .maxLength(ChangeBatch.MAX_ID_BYTES)
            .isPrimaryKey(true)
            .autoID(false)
            .build(),
        AddFieldReq.builder()
            .fieldName(EMBEDDING)
            .dataType(DataType.FloatVector)
            .dimension(dimension)
            .build(),
        AddFieldReq.builder().fieldName(DELETED).dataType(DataType.Bool).build(),
        AddFieldReq.builder().fieldName(TIMESTAMP).dataType(DataType.Int64).build(),
        text(TOPIC),
        AddFieldReq.builder().fieldName(PARTITION).dataType(DataType.Int32).build(),
        AddFieldReq.builder().fieldName(OFFSET).dataType(DataType.Int64).build(),
        AddFieldReq.builder().fieldName(TIE_BREAK).dataType(DataType.Int64).build(),
        texts(IMAGE, MAX_IMAGE_PARTS),
        texts(CONDITIONS, ChangeBatch.MAX_ATTRIBUTES + Filter.FIELDS.size()));
  }

  private static AddFieldReq text(String name) {
    return AddFieldReq.builder()
        .fieldName(name)
        .dataType(DataType.VarChar)
        .maxLength(MAX_TEXT)
        .build();
  }

  private static AddFieldReq texts(String name, int most) {
    return AddFieldReq.builder()
        .fieldName(name)
        .dataType(DataType.Array)
        .elementType(DataType.VarChar)
        .maxLength(MAX_TEXT)
        .maxCapacity(most)
        .build();
  }

  /**
   * Makes the collection ready to be searched: its index, and in the server's memory.
   *
   * @param writable whether an index may be made
   */
  void prepare(MilvusClientV2 client, CollectionSpec collection, boolean writable) {
    Optional<IndexDesc> index = index(client);
    if (index.isPresent()) {
      String metric = String.valueOf(index.get().getMetricType());
      if (!metric.equalsIgnoreCase(collection.metric().id())) {
        throw new StoreException(
            settings.name()
                + ": the index is for "
                + metric
                + ", but has to be for "
                + collection.metric().id());
      }
    } else if (writable) {
      createIndexes(client);
    } else {
      throw new StoreException(settings.name() + " has no index; open it once to write to it");
    }
    load(client);
  }

  /** The index of the vectors, if there is one. */
  Optional<IndexDesc> index(MilvusClientV2 client) {
    List<String> names =
        client.listIndexes(
            ListIndexesReq.builder()
                .collectionName(settings.collection())
                .fieldName(EMBEDDING)
                .build());
    return names.isEmpty()
        ? Optional.empty()
        : client
            .describeIndex(
                DescribeIndexReq.builder()
                    .collectionName(settings.collection())
                    .fieldName(EMBEDDING)
                    .build())
            .getIndexDescriptions()
            .stream()
            .findFirst();
  }

  private void createIndexes(MilvusClientV2 client) {
    for (String field : List.of(TIMESTAMP, CONDITIONS)) {
      try {
        createIndex(
            client,
            IndexParam.builder().fieldName(field).indexType(IndexParam.IndexType.INVERTED).build());
      } catch (MilvusClientException e) {
        // Milvus Lite indexes no arrays; a filter then reads every row.
        LOG.debug("{} has no index of {}", settings.name(), field, e);
      }
    }
    // The last, so that where it is there nothing else is missing.
    try {
      createIndex(
          client,
          IndexParam.builder()
              .fieldName(EMBEDDING)
              .indexType(IndexParam.IndexType.HNSW)
              .metricType(IndexParam.MetricType.valueOf(settings.metric().name()))
              .extraParams(
                  Map.of("M", settings.connections(), "efConstruction", settings.efConstruction()))
              .build());
    } catch (MilvusClientException e) {
      if (index(client).isEmpty()) {
        throw e;
      }
      LOG.debug("{}: another writer made the index meanwhile", settings.name(), e);
    }
  }

  private void createIndex(MilvusClientV2 client, IndexParam index) {
    client.createIndex(
        CreateIndexReq.builder()
            .collectionName(settings.collection())
            .indexParams(List.of(index))
            .sync(false)
            .build());
  }

  /** Whether the collection is in the server's memory. */
  boolean isLoaded(MilvusClientV2 client) {
    return client.getLoadState(
        GetLoadStateReq.builder().collectionName(settings.collection()).build());
  }

  /** Has the server take the collection into its memory. */
  void load(MilvusClientV2 client) {
    client.loadCollection(
        LoadCollectionReq.builder()
            .collectionName(settings.collection())
            .timeout(settings.timeoutSeconds() * 1000L)
            .build());
  }

  static Map<String, String> encode(CollectionSpec collection) {
    Map<String, String> properties = new TreeMap<>();
    properties.put(PROPERTY + "format", FORMAT);
    properties.put(PROPERTY + "dimension", String.valueOf(collection.dimension()));
    properties.put(PROPERTY + "metric", collection.metric().id());
    properties.put(PROPERTY + "vector_space", collection.space().vectorSpace());
    properties.put(PROPERTY + "model", collection.space().model());
    properties.put(PROPERTY + "sha256", collection.space().sha256());
    properties.put(PROPERTY + "precision", collection.space().precision());
    properties.put(PROPERTY + "preprocessing", collection.space().preprocessing());
    return properties;
  }

  private static CollectionSpec decode(Map<String, String> properties) {
    return new CollectionSpec(
        Integer.parseInt(properties.get(PROPERTY + "dimension")),
        Similarity.parse(properties.get(PROPERTY + "metric")),
        new Provenance(
            properties.get(PROPERTY + "model"),
            properties.get(PROPERTY + "sha256"),
            properties.get(PROPERTY + "precision"),
            properties.get(PROPERTY + "preprocessing"),
            properties.get(PROPERTY + "vector_space")));
  }
}
