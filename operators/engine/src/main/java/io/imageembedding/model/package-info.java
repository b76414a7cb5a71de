// SPDX-License-Identifier: Apache-2.0
/** Pixels to vectors: names of models, what they are, and running them. */
package io.imageembedding.model;
