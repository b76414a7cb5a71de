// SPDX-License-Identifier: Apache-2.0
/** Copies stores and verifies their searches. */
package io.imageembedding.vectorstore.tool;
