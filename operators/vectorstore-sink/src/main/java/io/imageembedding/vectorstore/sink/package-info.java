// SPDX-License-Identifier: Apache-2.0
/** Fills a store from a stream. */
@NullMarked
package io.imageembedding.vectorstore.sink;

import org.jspecify.annotations.NullMarked;
