// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.RefusedChange;
import java.io.Serializable;
import org.apache.flink.annotation.PublicEvolving;

/**
 * Says what an element of a stream does to a store.
 *
 * @param <T> the element
 */
@FunctionalInterface
@PublicEvolving
public interface ChangeExtractor<T> extends Serializable {

  /**
   * The change, never null. Must not depend on anything but the element: one that makes this throw
   * is refused as {@link RefusedChange.Reason#EXTRACTOR_FAILED}, as if no store took it.
   */
  Change change(T element) throws Exception;
}
