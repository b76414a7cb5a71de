// SPDX-License-Identifier: Apache-2.0
/** Pixels to vectors: where a model is, what it is, and running it. */
package io.imageembedding.model;
