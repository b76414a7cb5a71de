// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import io.imageembedding.annotation.Internal;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What one object owns and has to close, however far it came: everything is closed once, the newest
 * first, whatever one of them throws.
 *
 * <pre>{@code
 * Ownership owned = new Ownership();
 * try {
 *   graph = owned.add(openGraph());
 *   session = owned.add(openSession(graph));
 * } catch (Throwable e) {
 *   throw owned.closeAfter(e);
 * }
 * }</pre>
 *
 * <p>Not thread-safe.
 */
@Internal
public final class Ownership implements AutoCloseable {
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  /** Takes a resource, and gives it back. */
  public <T extends AutoCloseable> T add(T resource) {
    owned.push(resource);
    return resource;
  }

  /** Gives a resource into other hands; it is not closed here. */
  public <T extends AutoCloseable> T release(T resource) {
    owned.removeIf(each -> each == resource);
    return resource;
  }

  /** Gives all into other hands. */
  public void releaseAll() {
    owned.clear();
  }

  /**
   * Closes all after something failed. What fails while closing is kept as suppressed.
   *
   * @return never; written as {@code throw owned.closeAfter(e)} for the compiler
   * @throws RuntimeException the cause, or what wraps it if it is checked
   * @throws Error the cause
   */
  public RuntimeException closeAfter(Throwable cause) {
    closeAll(cause);
    throw unchecked(cause);
  }

  /**
   * Closes all.
   *
   * @throws RuntimeException or Error: the first failure, the others suppressed, after all were
   *     closed
   */
  @Override
  public void close() {
    Throwable failure = closeAll(null);
    if (failure != null) {
      throw unchecked(failure);
    }
  }

  private Throwable closeAll(Throwable before) {
    Throwable failure = before;
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Throwable e) {
        if (failure == null) {
          failure = e;
        } else if (failure != e) {
          failure.addSuppressed(e);
        }
      }
    }
    return failure;
  }

  private static RuntimeException unchecked(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    return failure instanceof RuntimeException runtime
        ? runtime
        : new IllegalStateException(failure.getMessage(), failure);
  }
}
