// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelException;
import io.imageembedding.safety.Printable;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Bounds what is done with a model that is not known yet: the caller waits for no longer than a
 * limit, and nothing but a {@link ModelException} of one line comes out, whatever the files are.
 * Native code cannot be interrupted, so the work is done by a thread of its own. One that is still
 * busy when the time is over is left alone, and what it may give in the end is closed; with more
 * than {@value #MOST_STUCK} of them no further model is loaded in the process, so that a job that
 * restarts for ever cannot take all processors. The thread keeps no process alive.
 */
@Internal
public final class LoadTime {
  /** A hundred times what the largest networks for images take. */
  static final Duration LIMIT = Duration.ofMinutes(2);

  static final int MOST_STUCK = 2;
  private static final int MOST_CHARACTERS = 2000;
  private static final AtomicInteger STUCK = new AtomicInteger();

  private LoadTime() {}

  /** {@link #within} the {@link #LIMIT}. */
  public static <T> T spend(String model, Supplier<T> work, Consumer<T> discard) {
    return within(LIMIT, model, work, discard);
  }

  /**
   * Does the work.
   *
   * @param model its name in messages
   * @param discard closes what comes when nobody waits for it any more
   * @throws ModelException of the work, or if it takes too long, or fails in any other way
   */
  public static <T> T within(Duration limit, String model, Supplier<T> work, Consumer<T> discard) {
    if (STUCK.get() > MOST_STUCK) {
      throw ModelException.of(
          model,
          STUCK.get()
              + " models in this process have taken too long and are still busy; no further one is"
              + " loaded");
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    AtomicInteger left = new AtomicInteger();
    Thread loader =
        new Thread(
            () -> {
              try {
                T made = work.get();
                if (!result.complete(made)) {
                  discard.accept(made);
                }
              } catch (Throwable e) {
                result.completeExceptionally(e);
              } finally {
                // Whoever comes second knows that the thread is no longer, or never was, stuck.
                if (left.getAndSet(1) == 1) {
                  STUCK.decrementAndGet();
                }
              }
            },
            "model-loader");
    loader.setDaemon(true);
    loader.start();
    try {
      return result.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return abandoned(
          result,
          left,
          ModelException.of(
              model,
              "it is not read or proven after " + limit.toMillis() + " ms, which is the limit",
              e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return abandoned(result, left, ModelException.of(model, "interrupted while it is loaded", e));
    } catch (ExecutionException e) {
      throw inOneLine(model, e.getCause());
    }
  }

  private static <T> T abandoned(
      CompletableFuture<T> result, AtomicInteger left, ModelException why) {
    if (!result.completeExceptionally(why.getCause()) && !result.isCompletedExceptionally()) {
      return result.join();
    }
    STUCK.incrementAndGet();
    if (left.getAndSet(1) == 1) {
      STUCK.decrementAndGet();
    }
    throw why;
  }

  /** How many threads were left alone and are still busy. */
  public static int stuck() {
    return STUCK.get();
  }

  private static RuntimeException inOneLine(String model, Throwable cause) {
    if (cause instanceof ModelException known) {
      String said = String.valueOf(known.getMessage());
      String line = line(said);
      return line.equals(said) ? known : new ModelException(line, known);
    }
    if (cause instanceof StackOverflowError) {
      return ModelException.of(model, "it is nested too deeply", cause);
    }
    if (cause instanceof OutOfMemoryError) {
      return ModelException.of(model, "it does not fit into memory", cause);
    }
    return inOneLine(
        model,
        ModelException.of(model, "it is damaged, or of no known form (" + cause + ")", cause));
  }

  private static String line(String text) {
    String printable = Printable.line(text);
    return printable.length() <= MOST_CHARACTERS
        ? printable
        : printable.substring(0, MOST_CHARACTERS) + "…";
  }
}
