// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import java.io.Serializable;
import org.apache.flink.annotation.PublicEvolving;

/** Says how much of {@link BatchPolicy#maxBytes()} an element takes. */
@FunctionalInterface
@PublicEvolving
public interface ElementSize<T> extends Serializable {

  /** Size of the element in bytes, 0 or more. */
  long bytes(T element);
}
