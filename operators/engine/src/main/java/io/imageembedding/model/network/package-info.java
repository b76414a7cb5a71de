// SPDX-License-Identifier: Apache-2.0
/** What MobileNetV2 is: layers, variables, weights; no interface to build on. */
package io.imageembedding.model.network;
