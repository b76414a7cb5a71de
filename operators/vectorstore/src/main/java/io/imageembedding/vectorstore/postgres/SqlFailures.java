// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.vectorstore.StoreException;
import java.io.FileNotFoundException;
import java.security.GeneralSecurityException;
import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.util.Set;
import org.apache.flink.util.ExceptionUtils;

/** What went wrong with a server, in one line, and whether it can pass. */
final class SqlFailures {
  private static final String DISK_FULL = "53100";

  /** No password, no TLS: what the driver says when client and server do not agree. */
  private static final String REJECTED = "08004";

  private static final String STATEMENT_TIMEOUT = "57014";

  /** Classes of errors: connections, insufficient resources, an operator who intervenes. */
  private static final Set<String> PASSING_CLASSES = Set.of("08", "53", "57");

  /** Serialization failure, deadlock, lock not available. */
  private static final Set<String> PASSING = Set.of("40001", "40P01", "55P03");

  private SqlFailures() {}

  static StoreException of(String store, SQLException failure) {
    if (failure instanceof BatchUpdateException && failure.getNextException() != null) {
      // Its own message repeats the statement with all that was to be written.
      return of(store, failure.getNextException());
    }
    String state = String.valueOf(failure.getSQLState());
    if (state.equals(DISK_FULL)) {
      return new StoreException(
          store + ": the server's disk is full; what was written before is kept", failure);
    }
    String message =
        store
            + (state.equals(STATEMENT_TIMEOUT) ? ": slower than statement-timeout: " : ": ")
            + String.valueOf(failure.getMessage()).replaceAll("\\s+", " ");
    boolean passes =
        PASSING.contains(state)
            || state.length() >= 2
                && PASSING_CLASSES.contains(state.substring(0, 2))
                && !state.equals(REJECTED)
                && !isAboutCertificates(failure);
    return passes ? StoreException.passing(message, failure) : new StoreException(message, failure);
  }

  private static boolean isAboutCertificates(SQLException failure) {
    // Of another host: only the driver's message says so, which is the same in most languages.
    return String.valueOf(failure.getMessage()).contains("PgjdbcHostnameVerifier")
        || ExceptionUtils.findThrowable(failure, GeneralSecurityException.class).isPresent()
        || ExceptionUtils.findThrowable(failure, FileNotFoundException.class).isPresent();
  }
}
