// SPDX-License-Identifier: Apache-2.0
/** What is measured against what. */
package io.imageembedding.bench.section;
