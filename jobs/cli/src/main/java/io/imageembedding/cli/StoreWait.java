// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.safety.Backoff;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.Stores;
import io.imageembedding.vectorstore.VectorStore;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.util.TimeUtils;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * How a command opens a store: one that does not answer is not waited for longer than it is told.
 */
final class StoreWait {

  /** With the start of this process it is less than ten seconds until such a store is named. */
  private static final Duration DEFAULT = Duration.ofSeconds(6);

  private static final Duration LONGEST = Duration.ofDays(1);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  @Option(
      names = "--wait",
      paramLabel = "TIME",
      converter = Time.class,
      description = "Wait so long for a store that does not answer, such as '2 min'. Default: 6 s.")
  private Duration wait = DEFAULT;

  /** Reads a time. */
  static final class Time implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      try {
        Duration time = TimeUtils.parseDuration(text);
        if (time.compareTo(LONGEST) <= 0) {
          return time;
        }
      } catch (IllegalArgumentException | ArithmeticException e) {
        // Said below.
      }
      throw new TypeConversionException(
          "'" + text + "' is not allowed; allowed: up to 1 d, such as '30 s' or '2 min'");
    }
  }

  /** Takes addresses that are of a kind of store that there is. */
  static final class Address implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      try {
        Stores.check(StoreAddress.parse(text));
        return text;
      } catch (StoreException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /**
   * Opens a store. Once it is open, what fails and can pass is tried again for longer.
   *
   * @throws StoreException if there is none, or it holds something else than expected
   * @throws CommandFailure if it is away, or does not answer
   */
  VectorStore open(String address, OpenMode mode) {
    Attempts attempts = new Attempts(address, mode, wait);
    Thread opening = new Thread(attempts, "open store");
    opening.setDaemon(true);
    opening.start();
    try {
      return attempts.answer.get(wait.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      StoreException last = attempts.last;
      CommandFailure failure =
          new CommandFailure(
              (last == null ? StoreAddress.parse(address) + " does not answer" : last.getMessage())
                  + " (waited for "
                  + TimeUtils.formatWithHighestUnit(wait)
                  + "; --wait says how long)",
              e);
      // What is opened after all is closed again.
      attempts.answer.completeExceptionally(failure);
      opening.interrupt();
      throw failure;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause();
    } catch (InterruptedException e) {
      attempts.answer.completeExceptionally(e);
      opening.interrupt();
      Thread.currentThread().interrupt();
      throw new CommandFailure(
          StoreAddress.parse(address) + ": interrupted while waiting for the store", e);
    }
  }

  /**
   * Sees that a store answers that a job will use.
   *
   * @throws StoreException if it cannot be used
   * @throws CommandFailure if it is away, or does not answer
   */
  void require(String address) {
    try {
      open(address, OpenMode.read()).close();
    } catch (StoreException e) {
      if (!OpenMode.isMissing(e)) {
        throw e;
      }
    }
  }

  /** Opens a store in a thread of its own, in which it may hang. */
  private static final class Attempts implements Runnable {
    private final CompletableFuture<VectorStore> answer = new CompletableFuture<>();
    private final String address;
    private final OpenMode mode;
    private final Backoff backoff;
    private volatile StoreException last;

    Attempts(String address, OpenMode mode, Duration wait) {
      this.address = address;
      this.mode = mode;
      // What is left when the waiting ends is not waited for.
      backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE, wait.plus(LONGEST_PAUSE));
    }

    @Override
    public void run() {
      try {
        do {
          try {
            // Without a line for each attempt.
            VectorStore.open(address, mode.retrying(RetryPolicy.NONE)).close();
            VectorStore store = VectorStore.open(address, mode);
            if (!answer.complete(store)) {
              store.close();
            }
          } catch (StoreException e) {
            if (!e.canPass()) {
              throw e;
            }
            last = e;
          }
        } while (!answer.isDone() && backoff.pause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (RuntimeException | Error e) {
        answer.completeExceptionally(e);
      }
    }
  }
}
