// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.testkit.VectorStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** On a real server. */
class PostgresContractTest extends VectorStoreContract {
  private static TestingPostgres server;
  private static String database;

  private final String table = "t" + Long.toString(System.nanoTime(), 36);

  @BeforeAll
  static void findServer() throws Exception {
    database = TestingPostgres.named();
    if (database == null) {
      server = TestingPostgres.start();
      database = server.address();
    }
  }

  @AfterAll
  static void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected String address() {
    return database + (database.contains("?") ? "&" : "?") + "table=" + table;
  }
}
