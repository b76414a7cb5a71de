// SPDX-License-Identifier: Apache-2.0
/** What a running job does, in figures: from whichever place its counters are read. */
package io.imageembedding.cli.figures;
