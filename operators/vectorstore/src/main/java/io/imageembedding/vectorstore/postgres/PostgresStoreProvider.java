// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.annotation.Internal;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.VectorStoreProvider;

/**
 * {@code postgresql://HOST:PORT/DATABASE?table=NAME}: a table of a PostgreSQL with pgvector 0.8 or
 * newer, in whatever schema that is, made where it does not exist, and a row in the table {@value
 * PostgresSchema#DESCRIPTIONS} beside it. Several {@code HOST:PORT} with commas between them are
 * tried in their order. Options:
 *
 * <ul>
 *   <li>{@code table}: its name, or schema and name; default {@code image_embeddings}
 *   <li>{@code user}; {@code password-file} or {@code password-env}: file or environment variable
 *       that holds the password. Without them the driver looks into {@code ~/.pgpass}.
 *   <li>{@code type}: {@code vector} (default) or {@code halfvec}, half the size and less exact;
 *       decided when the table is made
 *   <li>{@code ef-search}: candidates that a search looks at, default 100
 *   <li>{@code m}, {@code ef-construction}, {@code index-memory-mb}: of the HNSW index, default 16,
 *       100 and at most 2048
 *   <li>{@code statement-timeout}: seconds, default 60; building the index may take longer
 *   <li>{@code pool-mode}: {@code session} (default), or {@code transaction} behind a pooler that
 *       gives out a session for each transaction, as pgbouncer's setting of that name says. Nothing
 *       is prepared at the server then. Settings never outlive a transaction, in either mode.
 *   <li>{@code targetServerType}, {@code loadBalanceHosts}: of several hosts, passed to the driver
 *       as they are. By default the first that can be written to is taken to write, and the first
 *       that answers to read.
 *   <li>{@code sslmode}, {@code sslrootcert}, {@code sslcert}, {@code sslkey}, {@code
 *       channelBinding}, {@code ApplicationName}: passed to the driver as they are. Where a server
 *       is another machine, {@code sslmode} is {@code require} by default, and {@code verify-full}
 *       with {@code sslrootcert}: no password is sent in clear unless the address says so
 * </ul>
 *
 * <p>The index is built by {@link VectorStore#optimize}, and not before: into an HNSW index rows go
 * some thirty times slower than without. Until then a search reads every row, and is exact.
 */
@Internal
public final class PostgresStoreProvider implements VectorStoreProvider {

  @Override
  public String scheme() {
    return "postgresql";
  }

  @Override
  public String form() {
    return "postgresql://HOST:PORT/DATABASE?table=NAME&user=NAME";
  }

  @Override
  public void check(StoreAddress address) {
    PostgresSettings.of(address);
  }

  @Override
  public VectorStore open(StoreAddress address, OpenMode mode) {
    return PostgresStore.open(PostgresSettings.of(address), mode);
  }
}
