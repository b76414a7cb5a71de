// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.Driver;

/** Who may connect and how, and what happens on a full disk, on a real server of the test's own. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PostgresFailureTest {
  private static final String PASSWORD = "s3cret-é";

  /** Any variable that is there: nobody can set one for a running process. */
  private static final String VARIABLE = "PATH";

  private static TestingPostgres server;

  @TempDir Path folder;

  private final TestingVectors vectors = new TestingVectors(64, 12);
  private final String table = "t" + Long.toString(System.nanoTime(), 36);

  @BeforeAll
  static void startServer() throws Exception {
    server = TestingPostgres.start();
    sql("CREATE EXTENSION vector");
    role(TestingPostgres.GUARDED, PASSWORD);
    role(TestingPostgres.GUARDED + "_too", System.getenv(VARIABLE));
  }

  @AfterAll
  static void stopServer() throws Exception {
    server.close();
  }

  private static void role(String name, String password) throws SQLException {
    sql("CREATE ROLE " + name + " SUPERUSER LOGIN PASSWORD '" + password.replace("'", "''") + "'");
  }

  private static void sql(String sql) throws SQLException {
    PostgresSettings settings = PostgresSettings.of(StoreAddress.parse(server.address()));
    try (Connection connection = new Driver().connect(settings.url(), settings.connection(true));
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private String guarded(String options) {
    return server.address().replace("test@", "")
        + "?table="
        + table
        + "&user="
        + TestingPostgres.GUARDED
        + options;
  }

  private List<StoredVector> some(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> stored("id-" + i, vectors.next(), Version.at(1)))
        .toList();
  }

  private void writesAndReads(String address) {
    List<StoredVector> some = some(3);
    try (VectorStore store = VectorStore.open(address, OpenMode.write(0))) {
      assertThat(store.upsert(some).written()).isEqualTo(3);
      assertThat(store.get("id-2")).contains(some.get(2));
    }
  }

  private static void refused(String address, String... parts) {
    long start = System.nanoTime();
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(address, OpenMode.write(0)))
        .satisfies(
            e -> {
              assertThat(e.canPass()).isFalse();
              assertThat(e.getMessage()).contains(parts).doesNotContain("\n", PASSWORD, "wr0ng");
            });
    // Not waited for.
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(30));
  }

  @Test
  void thePasswordComesFromAFile() throws Exception {
    Path file = Files.writeString(folder.resolve("password"), PASSWORD + "\n");
    writesAndReads(guarded("&password-file=" + file));
  }

  @Test
  void thePasswordComesFromTheEnvironment() {
    writesAndReads(guarded("_too&password-env=" + VARIABLE));
  }

  @Test
  void aWrongPasswordIsOneLineWithoutIt() throws Exception {
    Path file = Files.writeString(folder.resolve("password"), "wr0ng");
    refused(
        guarded("&password-file=" + file),
        "postgresql://127.0.0.1:",
        "password authentication failed for user \"" + TestingPostgres.GUARDED + "\"");
  }

  @Test
  void aPasswordThatIsMissingIsOneLine() {
    refused(guarded(""), "no password was provided");
    refused(
        guarded("&password-file=" + folder.resolve("nowhere")),
        "password-file: " + folder.resolve("nowhere") + " cannot be read");
    refused(guarded("&password-env=NO_SUCH_1"), "password-env: there is no variable NO_SUCH_1");
  }

  @Test
  void tlsIsVerifiedAgainstTheCertificateOfTheFile() throws Exception {
    try (TestingTls tls = new TestingTls(folder, "localhost", server.port())) {
      writesAndReads(tls(tls, tls.certificate()));
    }
  }

  private String tls(TestingTls tls, Path certificate) throws Exception {
    Path password = Files.writeString(folder.resolve("password"), PASSWORD);
    return guarded("&sslmode=verify-full&sslrootcert=" + certificate)
            .replace("127.0.0.1:" + server.port(), "localhost:" + tls.port())
        + "&password-file="
        + password;
  }

  @Test
  void aCertificateThatIsNotTheOneOfTheFileIsRefused() throws Exception {
    Path others = Files.createDirectory(folder.resolve("others"));
    try (TestingTls tls = new TestingTls(folder, "localhost", server.port());
        TestingTls other = new TestingTls(others, "localhost", server.port())) {
      refused(tls(tls, other.certificate()), "localhost:" + tls.port(), "SSL error");
    }
  }

  @Test
  void aCertificateForAnotherHostIsRefused() throws Exception {
    try (TestingTls tls = new TestingTls(folder, "example.org", server.port())) {
      refused(tls(tls, tls.certificate()), "localhost:" + tls.port(), "hostname localhost");
    }
  }

  @Test
  void aCertificateFileThatIsNotThereIsOneLine() throws Exception {
    try (TestingTls tls = new TestingTls(folder, "localhost", server.port())) {
      refused(tls(tls, folder.resolve("nowhere.crt")), "nowhere.crt");
    }
  }

  @Test
  void aServerWithoutTlsIsRefusedWhereItIsRequired() {
    refused(guarded("&sslmode=require"), "does not support SSL");
  }

  @Test
  void aFullDiskIsOneLineAndWhatWasWrittenBeforeIsKept() throws Exception {
    Path disk = Files.createTempDirectory("image-embedding-disk");
    assumeTrue(
        TestingPostgres.ROOT && run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk + ""),
        "skipped: only root can mount a small disk for another process");
    try {
      assertThat(run("chown", "nobody", disk.toString())).isTrue();
      sql("CREATE TABLESPACE small LOCATION '" + disk + "'");
      sql("CREATE ROLE crowded SUPERUSER LOGIN");
      sql("ALTER ROLE crowded SET default_tablespace = small");
      fillDisk(server.address().replace("test@", "crowded@") + "?table=" + table);
      sql("DROP TABLE " + table);
      sql("DROP TABLESPACE small");
    } finally {
      run("umount", disk.toString());
      Files.delete(disk);
    }
  }

  private void fillDisk(String address) {
    TestingVectors wide = new TestingVectors(1280, 5);
    int batch = 20;
    int[] written = {0};
    try (VectorStore store = VectorStore.open(address, OpenMode.write(0))) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(
              () -> {
                for (; written[0] < 2000; written[0] += batch) {
                  int from = written[0];
                  store.upsert(
                      IntStream.range(from, from + batch)
                          .mapToObj(i -> stored("id-" + i, wide.next(), Version.at(1)))
                          .toList());
                }
              })
          .withMessage(
              StoreAddress.parse(address)
                  + ": the server's disk is full; what was written before is kept");
      assertThat(written[0]).isGreaterThan(batch);
      assertThat(store.describe().count()).isEqualTo(written[0]);
      assertThat(store.scan(null, 5000)).hasSize(written[0]);
    }
  }

  private static boolean run(String... command) throws Exception {
    return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
  }
}
