// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;
import java.util.Map;
import java.util.Optional;

/**
 * What a store is and holds.
 *
 * @param store its address
 * @param count vectors in it
 * @param collection what they have in common; empty before the first was written
 * @param details what only this kind of store has, for people
 */
@PublicEvolving
public record StoreDescription(
    String store, long count, Optional<CollectionSpec> collection, Map<String, String> details) {}
