// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

/** What became of one image: a vector or the reason why there is none. */
public sealed interface Outcome permits Embedding, Refusal {}
