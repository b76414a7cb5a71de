// SPDX-License-Identifier: Apache-2.0
/** Where a model comes from: addresses and archives become files of this machine, in a cache. */
package io.imageembedding.model.source;
