// SPDX-License-Identifier: Apache-2.0
/** PostgreSQL with the extension pgvector, through JDBC. */
package io.imageembedding.vectorstore.postgres;
