// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.embedding.Refusal;
import java.io.IOException;
import java.io.Serializable;
import java.util.Set;
import org.apache.flink.annotation.PublicEvolving;
import org.jspecify.annotations.Nullable;

/**
 * Finds the encoded image in an element. Travels with the job; each task slot uses a copy of its
 * own, from one thread.
 *
 * @param <T> the element
 */
@FunctionalInterface
@PublicEvolving
public interface ImageExtractor<T> extends Serializable {

  /**
   * The image as its file would hold it. The array is only read, and only until the next call.
   *
   * <p>An element that makes this fail is refused, and the others of its batch go on: with the code
   * of an {@link ElementRefusedException}, and as {@link Refusal#EXTRACTOR_FAILED} with every other
   * exception, a null, and an element too large for memory or stack. That is so unless {@link
   * ImageEmbedding#failOnExtractorException} or {@link #isElementsFault} says otherwise, or the
   * task is being cancelled.
   *
   * @throws ElementRefusedException if the element holds none, with a code of the extractor's own
   * @throws IOException if the image cannot be read
   */
  byte[] image(T element) throws ElementRefusedException, IOException;

  /**
   * Whether an exception of {@link #image} is to be answered with a refusal of its element; else
   * the task fails, and Flink restarts it as the job is set. Default: always. An extractor that
   * asks a server says false of what every element would meet while that does not answer.
   */
  default boolean isElementsFault(Exception failure) {
    return true;
  }

  /** Codes of the refusals that {@link #image} gives, so that they are counted from 0 on. */
  default Set<String> refusalCodes() {
    return Set.of();
  }

  /**
   * The element as it goes on with its answer: with what {@link #image} has read of it beside the
   * image, so that nobody has to read that again. Called directly after that, whether it found an
   * image or refused the element.
   */
  default T read(T element) {
    return element;
  }

  /** How much of a batch's bytes the element takes; 0 where that is not known cheaply. */
  default long size(T element) {
    return 0;
  }

  /**
   * Where the element came from, in a text that is the same when it comes again after a restart and
   * that no other element of the job has: by it an image that ends the process is known. Null: it
   * is not known, and such an image ends the process whenever it comes.
   */
  default @Nullable String place(T element) {
    return null;
  }

  /** Called once in the task before the first element. */
  default void open() throws IOException {}
}
