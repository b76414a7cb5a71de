// SPDX-License-Identifier: Apache-2.0
/** A running job, as {@code top} shows it. */
package io.imageembedding.cli.top;
