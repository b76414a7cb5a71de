// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.tool;

import static io.imageembedding.safety.Arguments.checkArgument;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.LongConsumer;

/**
 * Whether a store is sound: it has as many vectors as it says, each id once and in order; every
 * vector can be searched for; and a search finds the nearest.
 *
 * <p>For the last, vectors of the store are searched for, and the {@value #K} nearest others of
 * each compared with those of an exact search, without a filter and with one. Where several are
 * equally near, any of them counts.
 *
 * @param store its address
 * @param collection what the vectors have in common; empty before the first was written
 * @param count vectors that the store says it has
 * @param scanned vectors that were read
 * @param unusable of them, those that cannot be searched for
 * @param sampled vectors that were searched for
 * @param recall the part of the nearest that was found; empty where nothing could be searched for
 * @param filteredRecall the same with filters, among them those that few vectors meet and that are
 *     far from the vector; empty where no filter tells vectors apart
 * @param faults what is wrong, a line each; none for a sound store
 */
@PublicEvolving
public record StoreVerification(
    String store,
    Optional<CollectionSpec> collection,
    long count,
    long scanned,
    long unusable,
    int sampled,
    OptionalDouble recall,
    OptionalDouble filteredRecall,
    List<String> faults) {

  /** Neighbours that are searched for. */
  public static final int K = 10;

  public StoreVerification {
    faults = List.copyOf(faults);
  }

  /**
   * Reads all of a store, twice. One that is being written to meanwhile is not held to its count.
   *
   * @param sample vectors to search for
   * @param leastRecall a recall below it is a fault
   * @param onProgress is told how many vectors were read so far, of twice as many as there are
   * @throws StoreException if the store cannot be read
   */
  public static StoreVerification of(
      VectorStore store, int sample, double leastRecall, LongConsumer onProgress) {
    checkArgument(sample >= 0, "sample is %s; needed: at least 0", sample);
    return new StoreVerifier(store, sample, leastRecall, onProgress).verify();
  }
}
