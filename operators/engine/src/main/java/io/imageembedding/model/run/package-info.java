// SPDX-License-Identifier: Apache-2.0
/** Runs a model and proves it. */
package io.imageembedding.model.run;
