// SPDX-License-Identifier: Apache-2.0
/**
 * What MobileNetV2 is: layers, variables, weights. For the rooms that run it, train it and write
 * it; no interface to build on.
 */
package io.imageembedding.model.network;
