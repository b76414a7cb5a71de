// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.vectorstore.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection, made when it is needed and anew after it was lost.
 *
 * <p>Every call is a transaction, with settings of its own: behind a pooler the session is
 * another's before and afterwards.
 *
 * <p>The driver is used in a thread of this object's, so no caller waits longer than for an
 * interrupt or {@link #close}, whatever the server does, and none longer than the limits that the
 * settings name. After an interrupt, a limit or any other failure the connection is thrown away.
 */
final class PostgresConnection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresConnection.class);

  /** How long the server's answer may take beyond the time that a statement may take there. */
  private static final int ANSWER_SECONDS = 10;

  private static final int IDLE_SECONDS = 60;
  private static final int FAREWELL_MILLIS = 1000;

  private final PostgresSettings settings;
  private final boolean writable;

  /** Held while the connection is used. */
  private final ReentrantLock calling = new ReentrantLock();

  private final ThreadPoolExecutor thread;
  private volatile ConnectionSockets sockets;
  private volatile boolean closed;

  /** Only the thread's. */
  private Connection connection;

  /**
   * @param writable whether it has to be to a server that can be written to, where there is a
   *     choice
   */
  PostgresConnection(PostgresSettings settings, boolean writable) {
    this.settings = settings;
    this.writable = writable;
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            PostgresConnection::daemon);
    thread.allowCoreThreadTimeOut(true);
  }

  private static Thread daemon(Runnable work) {
    Thread made = new Thread(work, "postgresql");
    made.setDaemon(true);
    return made;
  }

  /**
   * Does something in one transaction, which is committed unless it fails.
   *
   * @throws StoreException of a failure at the server or on the way to it, if this is closed, or if
   *     the thread is interrupted
   */
  <R> R call(SqlAction<R> action) {
    try {
      calling.lockInterruptibly();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
    try {
      return await(new Call<>(action));
    } catch (RejectedExecutionException e) {
      throw isClosed(e);
    } finally {
      calling.unlock();
    }
  }

  private <R> R await(Call<R> call) {
    Future<R> answer = thread.submit(call::run);
    try {
      if (!call.connected.await(settings.loginSeconds(), TimeUnit.SECONDS)) {
        giveUp(answer);
        throw StoreException.passing(
            settings.name()
                + ": the server has not finished a login within "
                + settings.loginSeconds()
                + " s",
            null);
      }
      return answer.get();
    } catch (InterruptedException e) {
      giveUp(answer);
      throw interrupted(e);
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    }
  }

  private void giveUp(Future<?> answer) {
    answer.cancel(false);
    abort();
  }

  private void abort() {
    ConnectionSockets inUse = sockets;
    if (inUse != null) {
      inUse.abort();
    }
  }

  private StoreException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new StoreException(settings.name() + ": interrupted while waiting for the server", e);
  }

  private StoreException isClosed(Throwable cause) {
    return new StoreException(settings.name() + " is closed", cause);
  }

  private RuntimeException failure(Throwable cause) {
    if (closed) {
      return isClosed(cause);
    }
    if (cause instanceof SQLException failure) {
      return PostgresFailures.of(settings.name(), failure);
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return (RuntimeException) cause;
  }

  /** Runs in the thread. */
  private void connect() throws SQLException {
    ConnectionSockets fresh = new ConnectionSockets(settings.connectTimeoutMillis());
    sockets = fresh;
    // After the sockets can be closed: one of the two sees the other.
    if (closed) {
      throw isClosed(null);
    }
    try {
      connection = JdbcDriver.connect(settings.url(), settings.connection(writable), fresh);
      connection.setAutoCommit(false);
      limitWaiting(connection);
    } catch (SQLException | RuntimeException | Error e) {
      disconnect();
      throw e;
    }
  }

  /** Lets the driver wait for a statement as long as the server may take, and somewhat longer. */
  void limitWaiting(Connection open) throws SQLException {
    open.setNetworkTimeout(
        Runnable::run, (settings.statementTimeoutSeconds() + ANSWER_SECONDS) * 1000);
  }

  /** Runs in the thread. */
  private void disconnect() {
    try {
      if (connection != null && !connection.isClosed()) {
        connection.setNetworkTimeout(Runnable::run, FAREWELL_MILLIS);
        connection.close();
      }
    } catch (SQLException e) {
      LOG.debug("Closing a connection to {} failed", settings.name(), e);
    } finally {
      connection = null;
      abort();
    }
  }

  /** Does not wait for a call that is under way: that fails instead. */
  @Override
  public void close() {
    closed = true;
    if (calling.tryLock()) {
      try {
        thread.submit(this::disconnect).get(FAREWELL_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | TimeoutException | RejectedExecutionException e) {
        LOG.debug("Closing a connection to {} failed", settings.name(), e);
      } finally {
        calling.unlock();
      }
    }
    abort();
    thread.shutdown();
    JdbcDriver.clear();
  }

  /** What is done with a connection. */
  interface SqlAction<R> {
    R call(Connection connection) throws SQLException;
  }

  private final class Call<R> {
    private final SqlAction<R> action;
    private final CountDownLatch connected = new CountDownLatch(1);

    private Call(SqlAction<R> action) {
      this.action = action;
    }

    private R run() throws SQLException {
      try {
        if (connection == null) {
          connect();
        }
      } finally {
        connected.countDown();
      }
      boolean committed = false;
      try {
        try (Statement statement = connection.createStatement()) {
          statement.execute(settings.perTransaction());
        }
        R result = action.call(connection);
        connection.commit();
        committed = true;
        return result;
      } catch (SQLException e) {
        disconnect();
        throw e;
      } finally {
        if (!committed && connection != null) {
          rollBack();
        }
      }
    }

    private void rollBack() {
      try {
        connection.rollback();
      } catch (SQLException e) {
        LOG.debug("Rolling back at {} failed", settings.name(), e);
        disconnect();
      }
    }
  }
}
