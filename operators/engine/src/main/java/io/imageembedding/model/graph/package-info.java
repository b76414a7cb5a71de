// SPDX-License-Identifier: Apache-2.0
/** Graphs, tensors and checkpoints as files and values. */
package io.imageembedding.model.graph;
