// SPDX-License-Identifier: Apache-2.0
/** What commands print: answers, failures, progress. */
package io.imageembedding.cli.output;
