// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.Metric;
import java.nio.file.Path;

/** An address of a Lucene store, read. */
record LuceneSettings(String name, Path root, Metric metric, int efSearch, int ramBufferMb) {}
