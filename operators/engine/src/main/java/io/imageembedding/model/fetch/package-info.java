// SPDX-License-Identifier: Apache-2.0
/** Addresses and archives become files of this machine, in a cache. */
package io.imageembedding.model.fetch;
