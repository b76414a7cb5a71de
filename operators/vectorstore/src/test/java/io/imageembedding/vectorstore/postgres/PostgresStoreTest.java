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
import io.imageembedding.vectorstore.StoreCopy;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoreVerification;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
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
    return new Driver().connect(settings.url(), settings.connection());
  }

  private static String sql(String sql) throws SQLException {
    try (Connection connection = connection();
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
  void aPasswordComesFromAFileAndIsNeverShown(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("password"), "s3cret\n");
    String given = "postgresql://somebody@localhost/db?password-file=" + file;
    PostgresSettings settings = PostgresSettings.of(StoreAddress.parse(given));
    assertThat(settings.connection())
        .containsEntry("user", "somebody")
        .containsEntry("password", "s3cret");
    assertThat(settings.toString()).doesNotContain("s3cret");
    for (String written :
        List.of(
            "postgresql://somebody:s3cret@localhost/db",
            "postgresql://localhost/db?password=s3cret",
            "postgresql://localhost/db?sslpassword=s3cret")) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> VectorStore.open(written, OpenMode.read()))
          .withMessageContaining("allowed: password-file=PATH or password-env=NAME")
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret"));
    }
  }
}
