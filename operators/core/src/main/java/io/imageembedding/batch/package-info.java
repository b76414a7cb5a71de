// SPDX-License-Identifier: Apache-2.0
/** Many elements to one micro-batch and back, without state, loss, repetition or reordering. */
package io.imageembedding.batch;
