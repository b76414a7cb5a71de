// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static io.imageembedding.safety.Arguments.checkArgument;
import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.Provenance;
import java.io.Serializable;

/**
 * What all vectors of a store have in common. It is written into the store when that is first used,
 * and never changes.
 *
 * @param dimension features of a vector
 * @param metric that they are compared by
 * @param space what made them
 */
@PublicEvolving
public record CollectionSpec(int dimension, Similarity metric, Provenance space)
    implements Serializable {

  public CollectionSpec {
    checkArgument(dimension >= 1, "dimension is %s; needed: at least 1", dimension);
    requireNonNull(metric, "metric");
    requireNonNull(space, "space");
  }

  /**
   * Refuses a store that holds something else.
   *
   * @param store for the message
   * @param held what the store has
   * @throws StoreException naming both sides
   */
  public void requireSame(String store, CollectionSpec held) {
    if (dimension != held.dimension
        || metric != held.metric
        || !space.vectorSpace().equals(held.space.vectorSpace())) {
      throw new StoreException(
          store + " holds " + held.summary() + ", and cannot take " + summary());
    }
  }

  /**
   * Refuses to compare what is held by another metric.
   *
   * @param store for the message
   * @throws StoreException naming both metrics
   */
  public void requireMetric(String store, Similarity wanted) {
    if (metric != wanted) {
      throw new StoreException(store + " compares by " + metric.id() + ", not by " + wanted.id());
    }
  }

  /** For messages. */
  public String summary() {
    return dimension + "-d vectors (" + metric.id() + ") of " + space.summary();
  }
}
