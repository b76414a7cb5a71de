// SPDX-License-Identifier: Apache-2.0
/** A store in a collection of a Milvus server. */
package io.imageembedding.vectorstore.milvus;
