// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.embedding.Refusal;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The boundary around an extractor: by whatever an element makes it fail, that element is refused
 * as {@link Refusal#EXTRACTOR_FAILED} and the others go on. What ends a task passes, and so does
 * what the extractor says is not the element's fault.
 */
final class GuardedExtractor<T> implements ImageExtractor<T> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(GuardedExtractor.class);

  /** A message may quote what the element holds. */
  private static final int LONGEST_MESSAGE = 1000;

  private final ImageExtractor<T> extractor;

  /** Kinds of failures that were logged, so that a stack trace of each is in the log once. */
  private transient Set<String> logged;

  GuardedExtractor(ImageExtractor<T> extractor) {
    this.extractor = extractor;
  }

  @Override
  public void open() throws IOException {
    logged = new HashSet<>();
    extractor.open();
  }

  @Override
  public byte[] image(T element) throws ElementRefusedException, IOException {
    try {
      byte[] image = extractor.image(element);
      if (image == null) {
        throw new ElementRefusedException(Refusal.EXTRACTOR_FAILED, "the extractor gave null");
      }
      return image;
    } catch (ElementRefusedException e) {
      throw e;
    } catch (Exception e) {
      if (endsTheTask(e) || !extractor.isElementsFault(e)) {
        throw e;
      }
      throw refused(e);
    } catch (OutOfMemoryError | StackOverflowError e) {
      // As of an image: a file of 3 GB fits into no array, a document nests deeper than the stack.
      throw refused(e);
    }
  }

  private ElementRefusedException refused(Throwable failure) {
    if (logged.add(failure.getClass().getName())) {
      LOG.warn(
          "An element is refused because its extractor failed; further failures of this kind are"
              + " not logged",
          failure);
    }
    String text = failure.toString();
    return new ElementRefusedException(
        Refusal.EXTRACTOR_FAILED,
        text.length() <= LONGEST_MESSAGE ? text : text.substring(0, LONGEST_MESSAGE) + "…");
  }

  /** A task that is cancelled is interrupted, and its element is to be read again. */
  private static boolean endsTheTask(Exception failure) {
    return Thread.currentThread().isInterrupted()
        || failure instanceof InterruptedException
        || failure instanceof CancelTaskException;
  }

  @Override
  public boolean isElementsFault(Exception failure) {
    return extractor.isElementsFault(failure);
  }

  @Override
  public Set<String> refusalCodes() {
    Set<String> codes = new HashSet<>(extractor.refusalCodes());
    codes.add(Refusal.EXTRACTOR_FAILED);
    return codes;
  }

  @Override
  public T read(T element) {
    try {
      return extractor.read(element);
    } catch (RuntimeException | StackOverflowError e) {
      return element;
    }
  }

  @Override
  public long size(T element) {
    return extractor.size(element);
  }

  @Override
  public @Nullable String place(T element) {
    try {
      return extractor.place(element);
    } catch (RuntimeException | StackOverflowError e) {
      return null;
    }
  }
}
