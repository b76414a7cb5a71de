// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embedding;

import io.imageembedding.annotation.PublicEvolving;

/** What became of one image: a vector or the reason why there is none. */
@PublicEvolving
public sealed interface Outcome permits Embedding, Refusal {}
