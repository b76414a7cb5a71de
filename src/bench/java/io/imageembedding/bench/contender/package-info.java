// SPDX-License-Identifier: Apache-2.0
/** What is measured in a process of its own. */
package io.imageembedding.bench.contender;
