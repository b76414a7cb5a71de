// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import java.io.Serializable;
import org.apache.flink.annotation.PublicEvolving;

/** Says how much of {@link BatchPolicy#maxBytes()} an element takes. */
@FunctionalInterface
@PublicEvolving
public interface ElementSize<T> extends Serializable {

  /** Size of the element in bytes; an element whose size cannot be said, by an exception, has 0. */
  long bytes(T element);
}
