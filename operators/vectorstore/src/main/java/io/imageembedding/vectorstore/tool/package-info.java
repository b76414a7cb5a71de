// SPDX-License-Identifier: Apache-2.0
/** Copies stores and verifies their searches. */
@NullMarked
package io.imageembedding.vectorstore.tool;

import org.jspecify.annotations.NullMarked;
