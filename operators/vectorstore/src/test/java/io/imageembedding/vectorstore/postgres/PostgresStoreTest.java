// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.ServerStoreContract;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.WriteResult;
import io.imageembedding.vectorstore.tool.StoreCopy;
import io.imageembedding.vectorstore.tool.StoreVerification;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.Driver;

/** On a real server. */
class PostgresStoreTest extends ServerStoreContract {
  private static TestingPostgres server;
  private static String database;

  private final String table = "t" + Long.toString(System.nanoTime(), 36);

  @BeforeAll
  static void findServer() throws Exception {
    database = TestingPostgres.named();
    if (database == null) {
      server = TestingPostgres.start();
      database = server.address();
    }
  }

  @AfterAll
  static void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected String address() {
    return on(database);
  }

  @Override
  protected String on(String server) {
    return server + (server.contains("?") ? "&" : "?") + "table=" + table;
  }

  @Override
  protected TestingPostgres startServer() throws Exception {
    return TestingPostgres.start();
  }

  @Override
  protected String scheme() {
    return "postgresql";
  }

  private static Connection connection() throws SQLException {
    PostgresSettings settings = PostgresSettings.of(StoreAddress.parse(database));
    return new Driver().connect(settings.url(), settings.connection(true));
  }

  private static String sql(String sql) throws SQLException {
    return sqlAt(database, sql);
  }

  private static String sqlAt(String address, String sql) throws SQLException {
    PostgresSettings settings = PostgresSettings.of(StoreAddress.parse(address));
    try (Connection connection = new Driver().connect(settings.url(), settings.connection(true));
        Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return null;
      }
      try (ResultSet row = statement.getResultSet()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  @Test
  void equalRowsAreNotRewritten() throws SQLException {
    List<StoredVector> some = some(0, 20, 1);
    String state = "SELECT string_agg(ctid::text || xmin, ',' ORDER BY id) FROM " + table;
    try (VectorStore store = writer()) {
      store.upsert(some);
      String before = sql(state);
      assertThat(store.upsert(some).stale()).isEqualTo(20);
      assertThat(sql(state)).isEqualTo(before);
    }
  }

  @Test
  void theIndexIsBuiltOnlyWhenAskedForAndThenUsed() throws SQLException {
    try (VectorStore store = writer()) {
      store.upsert(some(0, 3000, 1));
      assertThat(store.describe().details()).containsEntry("index", "none");
      float[] target = vectors.next();
      List<Hit> exact = store.search(target, 10, Filter.NONE);
      store.optimize();
      store.optimize();
      assertThat(store.describe().details()).containsEntry("index", "hnsw");
      assertThat(
              sql(
                  "EXPLAIN (FORMAT JSON) SELECT id FROM %1$s WHERE NOT deleted ORDER BY embedding"
                          .formatted(table)
                      + " <=> (SELECT embedding FROM %1$s LIMIT 1) LIMIT 10".formatted(table)))
          .contains(table + "_hnsw");
      List<Hit> found = store.search(target, 10, Filter.NONE);
      assertThat(found).filteredOn(exact::contains).hasSizeGreaterThanOrEqualTo(9);
      assertThat(store.search(target, 20, Filter.parse(List.of("class=class-1"))))
          .hasSize(20)
          .allMatch(hit -> hit.image().attributes().get("class").equals("class-1"));
    }
  }

  @Test
  void theNewestAreFoundByAnIndexAndPagesByThePrimaryKey() throws SQLException {
    try (VectorStore store = writer()) {
      store.upsert(some(0, 2000, 1));
      store.upsert(some(0, 1000, 2));
    }
    sql("ANALYZE " + table);
    String query = "EXPLAIN (FORMAT JSON) SELECT id FROM " + table + " WHERE NOT deleted ";
    assertThat(
            sql(
                query
                    + "ORDER BY version_timestamp DESC, topic DESC, topic_partition DESC,"
                    + " topic_offset DESC LIMIT 20"))
        .contains(table + "_newest");
    assertThat(sql(query + "AND id > 'id-5' ORDER BY id LIMIT 20")).contains(table + "_pkey");
  }

  @Test
  void vectorsThatGoFromLuceneThroughHereAndBackAreTheSame(@TempDir Path folder) {
    List<StoredVector> all = some(0, 1100, 3);
    String first = "lucene:" + folder.resolve("first");
    String last = "lucene:" + folder.resolve("last");
    try (VectorStore store = VectorStore.open(first, OpenMode.write(0))) {
      store.upsert(all);
    }
    copy(first, address(), all.size());
    copy(address(), last, all.size());
    for (String address : List.of(first, address(), last)) {
      try (VectorStore store = VectorStore.open(address, OpenMode.read())) {
        assertThat(scan(store, 400)).containsExactlyInAnyOrderElementsOf(all);
        assertThat(StoreVerification.of(store, 50, 0.98, read -> {}).faults()).isEmpty();
      }
    }
    try (VectorStore store = writer()) {
      assertThat(store.describe().details()).containsEntry("index", "hnsw");
      assertThat(store.upsert(all).stale()).isEqualTo(all.size());
    }
  }

  private static void copy(String from, String to, int count) {
    try (VectorStore source = VectorStore.open(from, OpenMode.read())) {
      assertThat(StoreCopy.copy(source, to, refused -> {}, copied -> {}))
          .isEqualTo(new StoreCopy.Copied(count, count, 0, 0));
    }
  }

  @Test
  void aVectorThatSomebodyElseSpoiledIsFoundByVerifying() throws SQLException {
    try (VectorStore store = writer()) {
      store.upsert(some(0, 50, 1));
      assertThat(StoreVerification.of(store, 10, 1, read -> {}).faults()).isEmpty();
      sql(
          "UPDATE %s SET embedding = array_fill(0, ARRAY[64])::vector WHERE id = 'id-3'"
              .formatted(table));
      assertThat(StoreVerification.of(store, 10, 0.95, read -> {}).faults())
          .containsExactly(
              "1 of 50 vectors cannot be searched for; the first: id-3: the vector is 0.0 long, so"
                  + " it has no direction");
    }
  }

  @Test
  void whatTheServerRefusesIsOneLineWithoutTheStatementAndLeavesNothingHalfDone()
      throws SQLException {
    try (VectorStore store = writer()) {
      store.upsert(some(0, 1, 1));
      sql("ALTER TABLE " + table + " ADD CONSTRAINT narrow CHECK (id <> 'id-49')");
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> store.upsert(some(1, 60, 1)))
          .withMessageStartingWith(name() + ": ERROR: new row for relation")
          .withMessageContaining("violates check constraint \"narrow\"")
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n", "INSERT"));
      assertThat(store.describe().count()).isEqualTo(1);
      assertThat(store.upsert(some(1, 49, 1)).written()).isEqualTo(48);
    }
  }

  @Test
  void halfvecIsAnOptionOfTheTableAndRefusesWhatItCannotHold() {
    String half = address() + "&type=halfvec";
    float[] large = vectors.next();
    large[0] = 70_000;
    try (VectorStore store = VectorStore.open(half, OpenMode.write(0))) {
      store.upsert(some(0, 100, 1));
      assertThat(store.upsert(List.of(stored("large", large, Version.at(1)))).refused())
          .extracting(RefusedChange::reason)
          .containsExactly(RefusedChange.Reason.NOT_FINITE);
      StoredVector kept = store.get("id-3").orElseThrow();
      Hit nearest = store.search(kept.vector(), 1, Filter.NONE).get(0);
      assertThat(nearest.id()).isEqualTo("id-3");
      assertThat(nearest.score()).isGreaterThan(0.9999f);
      store.optimize();
      assertThat(store.search(kept.vector(), 1, Filter.NONE).get(0).id()).isEqualTo("id-3");
    }
    VectorStore.open(address(), OpenMode.read()).close();
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(address() + "&type=vector", OpenMode.read()))
        .withMessageContaining("holds type halfvec, not vector");
  }

  @Test
  void aTableOfAnotherShapeIsRefusedByNamingBoth() throws SQLException {
    sql("CREATE TABLE " + table + " (id text PRIMARY KEY, price numeric)");
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(this::writer)
        .withMessageContaining("not one of ours; it has {id=text, price=numeric}");
    sql("DROP TABLE " + table);
    try (VectorStore store = writer()) {
      store.upsert(some(0, 1, 1));
    }
    sql("ALTER TABLE " + table + " ALTER COLUMN embedding TYPE vector");
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(this::writer)
        .withMessageContaining("the column embedding is vector, but has to be vector(64)");
  }

  @Test
  void aTableThatIsNotThereIsNoStore() {
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(address(), OpenMode.read()))
        .withMessage("there is no store " + name());
  }

  @Test
  void aFilterFindsAllThatMatchThoughTheyAreFarFromTheVectorAndFew() throws SQLException {
    try (VectorStore store = writer()) {
      store.upsert(some(0, 1, 1));
      sql("DELETE FROM " + table);
      sql("ALTER TABLE %s ALTER COLUMN embedding TYPE vector(8) USING null".formatted(table));
      sql(
          "UPDATE image_embedding_collections SET dimension = 8 WHERE table_name = '%s'"
              .formatted(table));
    }
    // One in twenty is a tenant's own, on the far side of all others.
    sql(
        """
        SELECT setseed(0.5);
        INSERT INTO %s (id, embedding, deleted, version_timestamp, topic, topic_partition,
            topic_offset, tie_break, image_format, width, height, attributes)
        SELECT 'row-' || i, v::vector(8), false, i, 'rows', 0, i, 0, 'jpeg', 1, 1,
            CASE WHEN i %% 20 = 0 THEN '{"shop":"b"}'::jsonb ELSE '{"shop":"a"}'::jsonb END
        FROM (SELECT i, array_agg((CASE WHEN i %% 20 = 0 THEN -1 ELSE 1 END) * (0.5 + random())) v
              FROM generate_series(1, 30000) i, generate_series(1, 8) g GROUP BY i) rows
        """
            .formatted(table));
    float[] target = {1, 0.9f, 1.1f, 0.8f, 1.2f, 1, 0.7f, 1};
    Filter tenant = Filter.parse(List.of("shop=b"));
    try (VectorStore store = writer()) {
      List<Hit> exact = store.search(target, 10, tenant);
      assertThat(exact).hasSize(10);
      store.optimize();
      assertThat(store.describe().details()).containsEntry("index", "hnsw");
      assertThat(store.search(target, 10, tenant)).isEqualTo(exact);
      assertThat(store.search(target, 2000, tenant)).hasSize(1500);
      assertThat(store.search(target, 10, Filter.parse(List.of("uri=nowhere")))).isEmpty();
      StoreVerification found = StoreVerification.of(store, 50, 0.95, read -> {});
      assertThat(found.faults()).isEmpty();
      assertThat(found.filteredRecall().orElseThrow()).isGreaterThanOrEqualTo(0.98);
    }
  }

  @Test
  void pgvectorMayBeInASchemaThatIsNotOnTheSearchPath() throws SQLException {
    String name = "elsewhere" + table;
    sql("CREATE DATABASE " + name);
    String elsewhere = database.replaceFirst("/[^/?]+(?=$|[?])", "/" + name);
    sqlAt(elsewhere, "CREATE SCHEMA \"Ext x\"");
    sqlAt(elsewhere, "CREATE EXTENSION vector SCHEMA \"Ext x\"");
    for (String type : List.of("vector", "halfvec")) {
      List<StoredVector> some = some(0, 45, 1);
      String address =
          elsewhere + (elsewhere.contains("?") ? "&" : "?") + "table=of_" + type + "&type=" + type;
      try (VectorStore store = VectorStore.open(address, OpenMode.write(0))) {
        assertThat(store.upsert(some).written()).isEqualTo(45);
        assertThat(store.upsert(some).stale()).isEqualTo(45);
        store.optimize();
        assertThat(store.describe().details()).containsEntry("index", "hnsw");
      }
      try (VectorStore store = VectorStore.open(address, OpenMode.read())) {
        assertThat(store.search(some.get(3).vector(), 1, Filter.NONE).get(0).id())
            .isEqualTo("id-3");
        assertThat(store.get("id-4")).isPresent();
        assertThat(scan(store, 20)).hasSize(45);
        assertThat(StoreVerification.of(store, 10, 0.9, read -> {}).faults()).isEmpty();
      }
    }
    sql("DROP DATABASE " + name);
  }

  @Test
  void aRowThatSomebodyElseMadeOddIsShownWithoutWhatIsOdd() throws SQLException {
    List<String> odd =
        List.of(
            "attributes = '{\"class\": {\"of\": [1, 2]}, \"a\": \"text\"}'",
            "attributes = '[\"class-1\"]'",
            "attributes = '7'",
            "attributes = 'null'",
            "attributes = NULL",
            "attributes = (repeat('[', 5000) || repeat(']', 5000))::jsonb",
            "image_format = NULL, width = NULL, topic = NULL, uri = NULL, captured_at = NULL",
            "embedding = NULL");
    try (VectorStore store = writer()) {
      List<StoredVector> some = some(0, 20, 1);
      store.upsert(some);
      for (int i = 0; i < odd.size(); i++) {
        sql("UPDATE %s SET %s WHERE id = 'id-%d'".formatted(table, odd.get(i), i));
      }
      List<Hit> hits = store.search(vectors.next(), 20, Filter.NONE);
      assertThat(hits).hasSize(19);
      assertThat(hits)
          .filteredOn(hit -> hit.id().equals("id-0"))
          .singleElement()
          .satisfies(hit -> assertThat(hit.image().attributes()).isEqualTo(Map.of("a", "text")));
      assertThat(hits)
          .filteredOn(hit -> hit.id().matches("id-[1-5]"))
          .hasSize(5)
          .allMatch(hit -> hit.image().attributes().isEmpty());
      assertThat(store.search(vectors.next(), 20, Filter.parse(List.of("a=text")))).hasSize(1);
      assertThat(scan(store, 7)).hasSize(19).contains(some.get(19));
      assertThat(store.newest(30)).hasSize(19);
      assertThat(store.get("id-5")).isPresent();
      assertThat(store.get("id-7")).isEmpty();
    }
  }

  @Test
  void aBatchThatADeadlockOrTheServerEndsIsWrittenAgain() throws Exception {
    List<StoredVector> some = some(0, 60, 1);
    List<StoredVector> newer = some(0, 60, 2);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (VectorStore store = VectorStore.open(address(), OpenMode.write(0).retrying(PATIENT));
        Connection other = connection();
        Statement statement = other.createStatement()) {
      store.upsert(some);
      other.setAutoCommit(false);
      // Whoever looks for a deadlock first gives way.
      statement.execute("SET deadlock_timeout = '1min'");
      String lock = "SELECT id FROM " + table + " WHERE id = '%s' FOR UPDATE";
      statement.execute(lock.formatted("id-9"));
      Future<WriteResult> writing = thread.submit(() -> store.upsert(newer));
      Awaitility.await()
          .until(
              () ->
                  sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                      .equals("1"));
      statement.execute(lock.formatted("id-0"));
      other.commit();
      assertThat(writing.get().written()).isEqualTo(60);
      assertThat(sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
          .isNotEqualTo("0");

      sql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
      assertThat(store.upsert(some(0, 60, 3)).written()).isEqualTo(60);
      assertThat(store.describe().count()).isEqualTo(60);
    } finally {
      thread.shutdownNow();
    }
  }
}
