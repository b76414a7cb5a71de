// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import io.imageembedding.safety.Printable;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.RefusedChange.Reason;
import java.io.IOException;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An element makes its extractor fail, by whatever its content does there. */
final class NoChangeException extends IOException {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(NoChangeException.class);

  /** A message may quote what the element holds. */
  private static final int LONGEST_MESSAGE = 1000;

  private NoChangeException(Throwable cause) {
    super("no change can be made of an element: " + cause, cause);
  }

  /**
   * The change of an element.
   *
   * @throws NoChangeException if the extractor fails by it; what ends a task passes as it is
   */
  static <T> Change change(ChangeExtractor<T> extractor, T element) throws Exception {
    try {
      Change change = extractor.change(element);
      if (change == null) {
        throw new NoChangeException(new NullPointerException("the extractor gave null"));
      }
      return change;
    } catch (NoChangeException e) {
      throw e;
    } catch (Exception e) {
      if (Thread.currentThread().isInterrupted()
          || e instanceof InterruptedException
          || e instanceof CancelTaskException) {
        throw e;
      }
      throw new NoChangeException(e);
    } catch (OutOfMemoryError | StackOverflowError e) {
      throw new NoChangeException(e);
    }
  }

  /**
   * The answer to the element.
   *
   * @param index of the element in its batch
   */
  RefusedChange refused(int index) {
    LOG.debug("An element is refused", this);
    String text = Printable.line(getCause());
    return new RefusedChange(
        index,
        "",
        Reason.EXTRACTOR_FAILED,
        text.length() <= LONGEST_MESSAGE ? text : text.substring(0, LONGEST_MESSAGE) + "…");
  }
}
