// SPDX-License-Identifier: Apache-2.0
/** What must not leave and what must not come in: secrets, files of ours, texts of others. */
package io.imageembedding.safety;
