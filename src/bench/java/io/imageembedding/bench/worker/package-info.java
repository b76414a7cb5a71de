// SPDX-License-Identifier: Apache-2.0
/** Contenders in processes of their own, and how they are spoken to. */
package io.imageembedding.bench.worker;
