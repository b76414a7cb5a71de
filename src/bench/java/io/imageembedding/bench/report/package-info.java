// SPDX-License-Identifier: Apache-2.0
/** How long everything is measured, and what came of it. */
package io.imageembedding.bench.report;
