// SPDX-License-Identifier: Apache-2.0
/** Images to outcomes, one for one, without Flink. */
@NullMarked
package io.imageembedding.embed;

import org.jspecify.annotations.NullMarked;
