// SPDX-License-Identifier: Apache-2.0
/** What an embedding is: the words that every other room speaks. */
@NullMarked
package io.imageembedding.embedding;

import org.jspecify.annotations.NullMarked;
