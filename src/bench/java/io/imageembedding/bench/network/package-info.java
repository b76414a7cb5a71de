// SPDX-License-Identifier: Apache-2.0
/** The network in the forms that rivals take. */
package io.imageembedding.bench.network;
