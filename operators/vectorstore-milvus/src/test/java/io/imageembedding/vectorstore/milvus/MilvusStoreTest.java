// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import static io.imageembedding.vectorstore.TestingVectors.SPACE;
import static io.imageembedding.vectorstore.TestingVectors.cosine;
import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.testkit.VectorStoreContract;
import io.imageembedding.vectorstore.Age;
import io.imageembedding.vectorstore.ChangeBatch;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.ServerStoreContract;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.common.DataType;
import io.milvus.v2.service.collection.request.AddFieldReq;
import io.milvus.v2.service.collection.request.CreateCollectionReq;
import io.milvus.v2.service.collection.request.DropCollectionReq;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** On a real server. */
class MilvusStoreTest extends ServerStoreContract {
  private static TestingMilvus server;
  private static String database;

  private final String collection = "t" + Long.toString(System.nanoTime(), 36);

  @BeforeAll
  static void findServer() throws Exception {
    database = TestingMilvus.named();
    if (database == null) {
      server = TestingMilvus.start();
      database = server.address();
    }
  }

  @AfterAll
  static void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @AfterEach
  void dropCollection() {
    asAnother(
        client ->
            client.dropCollection(DropCollectionReq.builder().collectionName(collection).build()));
  }

  @Override
  protected String address() {
    return on(database);
  }

  @Override
  protected String on(String server) {
    return server + (server.contains("?") ? "&" : "?") + "collection=" + collection;
  }

  /** On the same server. */
  @Nested
  class Contract extends VectorStoreContract {
    @Override
    protected String address() {
      return MilvusStoreTest.this.address();
    }
  }

  @Override
  protected TestingMilvus startServer() throws Exception {
    return TestingMilvus.start();
  }

  @Override
  protected String scheme() {
    return "milvus";
  }

  /** Does something to the server as another process would. */
  private static void asAnother(Consumer<MilvusClientV2> action) {
    MilvusClientV2 client =
        new MilvusClientV2(MilvusSettings.of(StoreAddress.parse(database)).connection());
    try {
      action.accept(client);
    } finally {
      client.close();
    }
  }

  private void putAsAnother(StoredVector vector) {
    Columns row = new Columns(DIMENSION);
    row.add(vector, Age.of(vector));
    try (MilvusConnection another =
        MilvusConnection.open(MilvusSettings.of(StoreAddress.parse(address())))) {
      another.upsert(row);
    }
  }

  @Test
  void everythingThatBelongsToAVectorComesBack() {
    Map<String, String> attributes = new HashMap<>();
    for (int i = 0; i < ChangeBatch.MAX_ATTRIBUTES - 1; i++) {
      attributes.put("key-" + i, "value \u0001 é 漢 😀 \" \\ ' \r\n\t " + i);
    }
    attributes.put("long", "漢".repeat(900_000 - 40 * ChangeBatch.MAX_ATTRIBUTES));
    StoredVector full =
        new StoredVector(
            "id",
            vectors.next(),
            SPACE,
            new Version(Long.MAX_VALUE, "t".repeat(249), Integer.MAX_VALUE, Long.MAX_VALUE),
            new ImageMetadata(
                new ImageInfo("png", 1, 2), "file:/x?y=\"1\"", Long.MIN_VALUE, attributes));
    StoredVector bare =
        new StoredVector(
            "bare",
            vectors.next(),
            SPACE,
            new Version(SourcePosition.NO_TIMESTAMP, "", 0, 0),
            new ImageMetadata(new ImageInfo("", 0, 0), null, null, Map.of()));
    try (VectorStore store = writer()) {
      assertThat(store.upsert(List.of(full, bare)).written()).isEqualTo(2);
      assertThat(store.get("id")).contains(full);
      assertThat(store.get("bare")).contains(bare);
      assertThat(store.scan(null, 10)).containsExactly(bare, full);
      attributes.put("one", "more");
      attributes.put("and", "another");
      StoredVector tooMany = stored("many", vectors.next(), Version.at(1), attributes);
      assertThat(store.upsert(List.of(tooMany)).refused())
          .extracting(RefusedChange::message)
          .containsExactly("there are 4002 attributes; allowed: 4000");
    }
  }

  @Test
  void aFilterIsComparedLetterByLetterWhateverIsInIt() {
    List<Map<String, String>> all =
        List.of(
            Map.of("a", "b=c"),
            Map.of("a=b", "c"),
            Map.of("k", "\") or id != (\""),
            Map.of("k", "\\"),
            Map.of("k", "\\\\"),
            Map.of("", ""),
            Map.of("k", "é 漢 😀 \n\r\t'"),
            Map.of("k", "x".repeat(5000)),
            Map.of("k", "x".repeat(5001)));
    try (VectorStore store = writer()) {
      for (int i = 0; i < all.size(); i++) {
        store.upsert(List.of(stored("id-" + i, vectors.next(), Version.at(1), all.get(i))));
      }
      for (int i = 0; i < all.size(); i++) {
        assertThat(store.search(vectors.next(), 100, new Filter(all.get(i))))
            .extracting(Hit::id)
            .containsExactly("id-" + i);
      }
    }
  }

  @Test
  void manyDeletionsAreNotFoundAndDoNotHideWhatIsThere() {
    List<StoredVector> all = some(0, 300, 1);
    try (VectorStore store = writer()) {
      store.upsert(all);
      store.delete(
          all.subList(20, 300).stream()
              .map(vector -> new Deletion(vector.id(), Version.at(2)))
              .toList());
      store.optimize();
      for (StoredVector gone : all.subList(20, 40)) {
        assertThat(store.search(gone.vector(), 50, Filter.NONE))
            .extracting(Hit::id)
            .containsExactlyInAnyOrderElementsOf(
                all.subList(0, 20).stream().map(StoredVector::id).toList());
      }
      assertThat(store.describe().count()).isEqualTo(20);
    }
  }

  @Test
  void theIndexFindsNearlyAllOfTheNearest() {
    List<StoredVector> all = some(0, 3000, 1);
    try (VectorStore store = writer()) {
      for (int from = 0; from < all.size(); from += 500) {
        store.upsert(all.subList(from, from + 500));
      }
      store.optimize();
      assertThat(store.describe().details()).containsEntry("index", "HNSW");
      int found = 0;
      for (int i = 0; i < 20; i++) {
        float[] target = vectors.next();
        List<String> nearest =
            all.stream()
                .sorted(Comparator.comparingDouble(v -> -cosine(v.vector(), target)))
                .limit(10)
                .map(StoredVector::id)
                .toList();
        found +=
            (int)
                store.search(target, 10, Filter.NONE).stream()
                    .filter(hit -> nearest.contains(hit.id()))
                    .count();
      }
      assertThat(found / 200.0).isGreaterThanOrEqualTo(0.98);
    }
  }

  @Test
  void theNewestOfManyAreFound() {
    long now = System.currentTimeMillis();
    List<StoredVector> all =
        new ArrayList<>(
            IntStream.range(0, 2500)
                .mapToObj(i -> stored("id-" + i, vectors.next(), Version.at(now - 40L * i * i)))
                .toList());
    all.add(stored("ahead", vectors.next(), Version.at(now + 3_600_000)));
    List<StoredVector> expected =
        all.stream().sorted(Comparator.comparing(StoredVector::version).reversed()).toList();
    Collections.shuffle(all, new Random(1));
    try (VectorStore store = writer()) {
      store.upsert(all);
      for (int most : new int[] {1, 20, 1200, 2501, 5000}) {
        assertThat(store.newest(most))
            .isEqualTo(expected.subList(0, Math.min(most, expected.size())));
      }
    }
  }

  @Test
  void whatAnotherProcessPutsOverANewerVectorFailsTheCommitUntilItIsWrittenAgain() {
    StoredVector older = stored("a", vectors.next(), Version.at(1));
    StoredVector newer = stored("a", vectors.next(), Version.at(2));
    try (VectorStore store = writer()) {
      store.upsert(List.of(newer, stored("b", vectors.next(), Version.at(1))));
      putAsAnother(older);
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(store::commit)
          .withMessage(
              name()
                  + ": another writer has put the older "
                  + older.version()
                  + " over "
                  + newer.version()
                  + " of a; write again what is not committed")
          .satisfies(e -> assertThat(e.canPass()).isFalse());
      assertThat(store.upsert(List.of(newer)).written()).isEqualTo(1);
      store.commit();
      assertThat(store.get("a")).contains(newer);

      StoredVector newest = stored("a", vectors.next(), Version.at(3));
      store.upsert(List.of(stored("c", vectors.next(), Version.at(1))));
      putAsAnother(newest);
      store.commit();
      assertThat(store.upsert(List.of(newer)).stale()).isEqualTo(1);
      assertThat(store.get("a")).contains(newest);
    }
  }

  @Test
  void aServerThatIsGoneAfterAWhileIsOneClearLine() throws Exception {
    try (TestingMilvus victim = TestingMilvus.start()) {
      String address = victim.address() + "?timeout=1&collection=" + collection;
      try (VectorStore store = VectorStore.open(address, OpenMode.write(0).retrying(BRIEF))) {
        store.upsert(some(0, 5, 1));
        victim.kill();
        assertThatExceptionOfType(StoreException.class)
            .isThrownBy(() -> store.upsert(some(0, 5, 2)))
            .withMessageStartingWith(victim.address() + "?collection=" + collection + ": ")
            .satisfies(
                e -> {
                  assertThat(e.canPass()).isTrue();
                  assertThat(e.getMessage()).doesNotContain("\n");
                });
      }
    }
  }

  @Test
  void aDatabaseThatIsNotThereIsOneClearLine() {
    String address = database.replaceFirst("\\?.*", "") + "/nowhere?collection=c";
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(address, OpenMode.read().retrying(BRIEF)))
        .withMessageStartingWith(address + ": ")
        .withMessageContaining("nowhere")
        .satisfies(e -> assertThat(e.canPass()).isFalse());
  }

  @Test
  void aCollectionOfAnotherShapeIsRefusedByNamingBoth() {
    CreateCollectionReq.CollectionSchema schema =
        CreateCollectionReq.CollectionSchema.builder().build();
    schema.addField(
        AddFieldReq.builder().fieldName("id").dataType(DataType.Int64).isPrimaryKey(true).build());
    schema.addField(
        AddFieldReq.builder()
            .fieldName("embedding")
            .dataType(DataType.FloatVector)
            .dimension(8)
            .build());
    asAnother(
        client ->
            client.createCollection(
                CreateCollectionReq.builder()
                    .collectionName(collection)
                    .collectionSchema(schema)
                    .build()));
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(this::writer)
        .withMessage(
            name()
                + ": the collection is there, but not one of ours; it has {id=Int64,"
                + " embedding=FloatVector(8)}");
    dropCollection();
    asAnother(
        client ->
            client.createCollection(
                CreateCollectionReq.builder()
                    .collectionName(collection)
                    .collectionSchema(schema)
                    .properties(
                        MilvusSchema.encode(
                            new CollectionSpec(DIMENSION, Similarity.COSINE, SPACE)))
                    .build()));
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(this::writer)
        .withMessage(name() + ": the field id is Int64, but has to be VarChar");
  }

  @Test
  void aCollectionThatIsNotThereIsNoStore() {
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(address(), OpenMode.read()))
        .withMessage("there is no store " + name());
  }
}
