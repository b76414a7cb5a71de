// SPDX-License-Identifier: Apache-2.0
/** Encoded bytes to pixels, safely: header and limits first, then the reference's own decoders. */
@NullMarked
package io.imageembedding.image;

import org.jspecify.annotations.NullMarked;
