// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

/** When the parts of loading a model were done, as {@code EmbedListener} hears it. */
record LoadTimes(long startMillis, long readNanos, long provenNanos, long warmNanos) {}
