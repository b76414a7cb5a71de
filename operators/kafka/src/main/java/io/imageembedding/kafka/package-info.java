// SPDX-License-Identifier: Apache-2.0
/** Topics in and out: messages as they come, embeddings and dead letters as they leave. */
package io.imageembedding.kafka;
