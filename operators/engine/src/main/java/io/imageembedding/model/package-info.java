// SPDX-License-Identifier: Apache-2.0
/** Pixels to vectors: names of models, what they are, and running them. */
@NullMarked
package io.imageembedding.model;

import org.jspecify.annotations.NullMarked;
