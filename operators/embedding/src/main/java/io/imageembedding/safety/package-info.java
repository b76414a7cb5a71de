// SPDX-License-Identifier: Apache-2.0
/**
 * What must not leave and what must not come in: secrets, files of ours, texts of others, and more
 * memory and time than what is not ours may take.
 */
package io.imageembedding.safety;
