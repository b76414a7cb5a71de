// SPDX-License-Identifier: Apache-2.0
/** Many elements to one micro-batch and back, without state, loss, repetition or reordering. */
@NullMarked
package io.imageembedding.batch;

import org.jspecify.annotations.NullMarked;
