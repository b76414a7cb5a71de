// SPDX-License-Identifier: Apache-2.0
/** Sends the originals of dead letters again. */
package io.imageembedding.kafka.replay;
