// SPDX-License-Identifier: Apache-2.0
/**
 * Vectors in, and found again: the store's interface, the sink that feeds it, and what a store of
 * another kind has to provide. Each kind of store is a package of its own, found by {@link
 * java.util.ServiceLoader}.
 */
@NullMarked
package io.imageembedding.vectorstore;

import org.jspecify.annotations.NullMarked;
