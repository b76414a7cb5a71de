// SPDX-License-Identifier: Apache-2.0
/** The operator itself: any stream of elements that hold an image, answered one for one. */
@NullMarked
package io.imageembedding.flink;

import org.jspecify.annotations.NullMarked;
