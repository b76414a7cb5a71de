// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.Driver;

/** Behind a pgbouncer that gives every transaction any of two sessions. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PostgresPoolerTest {
  private static final int WRITERS = 4;
  private static final int BATCHES = 12;
  private static final int IDS = 60;

  private static TestingPostgres server;
  private static TestingPooler pooler;

  private final TestingVectors vectors = new TestingVectors(64, 31);
  private final String table = "?table=t" + Long.toString(System.nanoTime(), 36);

  @BeforeAll
  static void startServers() throws Exception {
    server = TestingPostgres.start();
    pooler = TestingPooler.before(server);
  }

  @AfterAll
  static void stopServers() throws Exception {
    if (pooler != null) {
      pooler.close();
    }
    server.close();
  }

  private List<StoredVector> batch(long timestamp) {
    return IntStream.range(0, IDS)
        .mapToObj(i -> stored("id-" + i, vectors.next(), Version.at(timestamp)))
        .toList();
  }

  /** Writers that take turns, so that each finds sessions that others have used. */
  private List<StoredVector> write(String options) {
    List<VectorStore> writers = new ArrayList<>();
    List<StoredVector> newest = List.of();
    try {
      for (int i = 0; i < WRITERS; i++) {
        writers.add(VectorStore.open(pooler.address() + table + options, OpenMode.write(i)));
      }
      for (int i = 0; i < BATCHES * WRITERS; i++) {
        newest = batch(i);
        assertThat(writers.get(i % WRITERS).upsert(newest).written()).isEqualTo(IDS);
      }
    } finally {
      writers.forEach(VectorStore::close);
    }
    return newest;
  }

  @Test
  void writersAndSearchesWorkAtOnceAndLeaveNoSettingBehind() throws Exception {
    String options = "&pool-mode=transaction&statement-timeout=33&ef-search=77";
    List<StoredVector> newest = write(options);
    ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    try (VectorStore store =
        VectorStore.open(pooler.address() + table + options, OpenMode.write(0))) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        List<StoredVector> older = batch(-i);
        all.add(
            threads.submit(
                () -> {
                  try (VectorStore other =
                      VectorStore.open(pooler.address() + table + options, OpenMode.write(0))) {
                    for (int n = 0; n < BATCHES; n++) {
                      assertThat(other.upsert(older).stale()).isEqualTo(IDS);
                      assertThat(other.search(older.get(0).vector(), 5, Filter.NONE)).hasSize(5);
                    }
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
      store.optimize();
      assertThat(store.scan(null, 1000)).containsExactlyInAnyOrderElementsOf(newest);
      assertThat(store.search(newest.get(7).vector(), 1, Filter.NONE).get(0).id())
          .isEqualTo("id-7");
    } finally {
      threads.shutdownNow();
    }
    PostgresSettings settings = PostgresSettings.of(StoreAddress.parse(pooler.address() + table));
    for (int session = 0; session < 2; session++) {
      try (Connection connection = new Driver().connect(settings.url(), settings.connection(true));
          Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        assertThat(shown(statement, "statement_timeout")).isEqualTo("0");
        assertThat(shown(statement, "hnsw.ef_search")).isIn("40", null, "");
        assertThat(shown(statement, "hnsw.iterative_scan")).isIn("off", null, "");
      }
    }
  }

  private static String shown(Statement statement, String setting) throws SQLException {
    try (ResultSet row =
        statement.executeQuery("SELECT current_setting('" + setting + "', true)")) {
      row.next();
      return row.getString(1);
    }
  }

  @Test
  void withoutTheOptionTheFailureNamesIt() {
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> write(""))
        .withMessageContaining("prepared statement")
        .withMessageEndingWith("the address needs pool-mode=transaction")
        .matches(e -> !e.canPass());
  }

  @Test
  void anotherModeIsRefusedByWhatIsAllowed() {
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(
            () ->
                VectorStore.open(
                    pooler.address() + table + "&pool-mode=statement", OpenMode.read()))
        .withMessage("pool-mode: 'statement' is not allowed; allowed: session, transaction");
  }
}
