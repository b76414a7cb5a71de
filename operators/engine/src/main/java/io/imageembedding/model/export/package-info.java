// SPDX-License-Identifier: Apache-2.0
/** Writes models as SavedModels. */
package io.imageembedding.model.export;
