// SPDX-License-Identifier: Apache-2.0
/** Fills a store from a stream. */
package io.imageembedding.vectorstore.sink;
