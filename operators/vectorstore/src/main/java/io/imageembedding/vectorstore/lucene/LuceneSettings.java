// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.Similarity;
import java.nio.file.Path;

/** An address of a Lucene store, read. */
record LuceneSettings(String name, Path root, Similarity metric, int efSearch, int ramBufferMb) {}
