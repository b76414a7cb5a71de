// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.vectorstore.StoreException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.util.Set;

/** What went wrong with a server, in one line, and whether it can pass. */
final class PostgresFailures {
  private static final String NO_AGREEMENT = "08004";

  private static final String DISK_FULL = "53100";

  private static final String STATEMENT_TIMEOUT = "57014";

  /**
   * Statements that a session prepared, and that are another's or gone: so it is behind a pooler
   * that gives every transaction any session.
   */
  private static final Set<String> POOLED = Set.of("42P05", "26000");

  /** Classes of errors: connections, insufficient resources, an operator who intervenes. */
  private static final Set<String> PASSING_CLASSES = Set.of("08", "53", "57");

  /**
   * Of these classes, what stays: no password or no TLS, which is what the driver says when client
   * and server do not agree; a database that was dropped.
   */
  private static final Set<String> STAYING = Set.of(NO_AGREEMENT, "57P04");

  /**
   * Read-only, as a server is that another has taken over from; a transaction that was idle or open
   * for too long; serialization failure, deadlock, and a commit that nobody knows of; lock not
   * available; a plan or an object that somebody else has changed meanwhile; a disk that cannot be
   * read.
   */
  private static final Set<String> PASSING =
      Set.of("25006", "25P03", "25P04", "40001", "40003", "40P01", "55006", "55P03", "58030");

  private PostgresFailures() {}

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
            + oneLine(failure)
            + (state.equals(NO_AGREEMENT) && String.valueOf(failure.getMessage()).contains(" SSL")
                ? "; set it up there, or say by sslmode=disable that all is sent in clear"
                : "")
            + (POOLED.contains(state)
                ? "; behind a pooler that gives out a session for each transaction, the address"
                    + " needs pool-mode=transaction"
                : "");
    return canPass(state) && !isAboutCertificates(failure)
        ? StoreException.passing(message, failure)
        : new StoreException(message, failure);
  }

  private static boolean canPass(String state) {
    return PASSING.contains(state)
        || state.length() >= 2
            && PASSING_CLASSES.contains(state.substring(0, 2))
            && !STAYING.contains(state);
  }

  private static String oneLine(SQLException failure) {
    String message = String.valueOf(failure.getMessage());
    // The driver's own says only that an attempt has failed, or an error occurred.
    if (failure.getCause() instanceof IOException cause
        && cause.getMessage() != null
        && !message.contains(cause.getMessage())) {
      message += " (" + cause.getMessage() + ")";
    }
    return message.replaceAll("\\s+", " ");
  }

  private static boolean isAboutCertificates(SQLException failure) {
    // Of another host: only the driver's message says so, which is the same in most languages.
    return String.valueOf(failure.getMessage()).contains("PgjdbcHostnameVerifier")
        || isCausedBy(failure, GeneralSecurityException.class)
        || isCausedBy(failure, FileNotFoundException.class);
  }

  private static boolean isCausedBy(Throwable failure, Class<? extends Exception> kind) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (kind.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }
}
