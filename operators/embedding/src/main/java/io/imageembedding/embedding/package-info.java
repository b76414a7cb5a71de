// SPDX-License-Identifier: Apache-2.0
/** What an embedding is: the words that every other room speaks. */
package io.imageembedding.embedding;
