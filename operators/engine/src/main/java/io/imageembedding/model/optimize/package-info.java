// SPDX-License-Identifier: Apache-2.0
/** From what was read to what is run: folding, the choice of precision. */
package io.imageembedding.model.optimize;
