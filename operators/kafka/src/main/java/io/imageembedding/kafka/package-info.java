// SPDX-License-Identifier: Apache-2.0
/** Topics in and out: messages as they come, embeddings and dead letters as they leave. */
@NullMarked
package io.imageembedding.kafka;

import org.jspecify.annotations.NullMarked;
