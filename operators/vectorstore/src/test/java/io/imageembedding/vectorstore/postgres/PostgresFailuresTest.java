// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.StoreException;
import java.net.SocketTimeoutException;
import java.sql.BatchUpdateException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which answers of a server are waited for; the codes are those of PostgreSQL's appendix A. */
class PostgresFailuresTest {

  private static StoreException of(String state) {
    return PostgresFailures.of("store", new SQLException("no\n  such luck", state));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "08000",
        "08001",
        "08003",
        "08006",
        "08007",
        "08P01", // connections, and all of pgbouncer
        "25006", // read-only since another server took over
        "25P03",
        "25P04", // ended because it was idle or open for too long
        "40001",
        "40003",
        "40P01", // serialization, unknown end, deadlock
        "53000",
        "53200",
        "53300", // out of resources, memory, connections
        "55006",
        "55P03", // in use, locked
        "57P01",
        "57P02",
        "57P03",
        "57P05",
        "57014", // shut down, crashed, starting, idle, timeout
        "58030" // input or output
      })
  void whatCanPassIsWaitedFor(String state) {
    assertThat(of(state).canPass()).isTrue();
    assertThat(of(state)).hasMessageContaining("no such luck");
    BatchUpdateException batch = new BatchUpdateException("INSERT …", new int[0]);
    batch.setNextException(new SQLException("of the batch", state));
    assertThat(PostgresFailures.of("store", batch).canPass()).isTrue();
    assertThat(PostgresFailures.of("store", batch)).hasMessageContaining("of the batch");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "08004", // client and server do not agree about passwords or TLS
        "22000", "23514", // the data
        "28000", "28P01", // who is not let in
        "3D000", "42501", "42P01", "42704", // no database, right, table, type
        "53100", // the disk is full
        "57P04", // the database was dropped
        "42P05", "26000", // statements of another session
        "", "0"
      })
  void whatStaysIsNot(String state) {
    assertThat(of(state).canPass()).isFalse();
    assertThat(of(state)).hasMessageStartingWith("store: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"42P05", "26000"})
  void aPoolerThatTheAddressDoesNotNameIsNamed(String state) {
    assertThat(of(state))
        .hasMessageContaining("no such luck")
        .hasMessageEndingWith("the address needs pool-mode=transaction");
  }

  @Test
  void whyAnAttemptFailedIsSaid() {
    SQLException failure =
        new SQLException(
            "The attempt failed.", "08001", new SocketTimeoutException("Read timed out"));
    assertThat(PostgresFailures.of("store", failure))
        .hasMessage("store: The attempt failed. (Read timed out)");
  }
}
