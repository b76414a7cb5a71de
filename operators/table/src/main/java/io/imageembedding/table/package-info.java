// SPDX-License-Identifier: Apache-2.0
/** Embedding, storing and searching in SQL statements. */
@NullMarked
package io.imageembedding.table;

import org.jspecify.annotations.NullMarked;
