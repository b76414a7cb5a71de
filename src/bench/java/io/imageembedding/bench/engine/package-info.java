// SPDX-License-Identifier: Apache-2.0
/** Networks that run in Java, ours and others. */
package io.imageembedding.bench.engine;
