// SPDX-License-Identifier: Apache-2.0
/** The embedded store: a folder with Lucene indexes, one for each parallel writer. */
package io.imageembedding.vectorstore.lucene;
