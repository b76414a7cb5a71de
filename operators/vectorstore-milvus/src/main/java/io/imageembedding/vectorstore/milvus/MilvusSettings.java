// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.vectorstore.ServerHost;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.milvus.v2.client.ConnectConfig;
import io.milvus.v2.common.ConsistencyLevel;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An address of a Milvus store, read. */
record MilvusSettings(
    String name,
    String host,
    int port,
    String database,
    StoreAddress address,
    Similarity metric,
    String collection,
    boolean secure,
    ConsistencyLevel consistency,
    int efSearch,
    int connections,
    int efConstruction,
    int timeoutSeconds) {

  private static final String COLLECTION = "collection";
  private static final String TOKEN_FILE = "token-file";
  private static final String TOKEN_ENV = "token-env";
  private static final String SECURE = "secure";
  private static final String CA_FILE = "ca-file";
  private static final String CONSISTENCY = "consistency";
  private static final String EF_SEARCH = "ef-search";
  private static final String CONNECTIONS = "m";
  private static final String EF_CONSTRUCTION = "ef-construction";
  private static final String TIMEOUT = "timeout";
  private static final int DEFAULT_PORT = 19530;
  private static final int CONNECT_TIMEOUT_SECONDS = 10;
  private static final long KEEP_ALIVE_MILLIS = 300_000;
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,254}");
  private static final Pattern TARGET =
      Pattern.compile(
          "//(?<host>\\[[0-9A-Fa-f:.]+]|[^/@:\\[\\]?#\\s]+)(?::(?<port>[0-9]{1,5}))?"
              + "(?:/(?<database>"
              + NAME
              + ")?)?");

  static MilvusSettings of(StoreAddress address) {
    address.requireKnown(
        Set.of(
            COLLECTION,
            TOKEN_FILE,
            TOKEN_ENV,
            SECURE,
            CA_FILE,
            CONSISTENCY,
            EF_SEARCH,
            CONNECTIONS,
            EF_CONSTRUCTION,
            TIMEOUT));
    Matcher target = TARGET.matcher(address.target());
    if (!target.matches()) {
      throw new StoreException(
          address + " is not of the form milvus://HOST:PORT/DATABASE?collection=NAME");
    }
    int port = target.group("port") == null ? DEFAULT_PORT : Integer.parseInt(target.group("port"));
    if (port < 1 || port > 65_535) {
      throw new StoreException(address + ": the port is not from 1 to 65535");
    }
    String collection = address.option(COLLECTION, "image_embeddings");
    if (!NAME.matcher(collection).matches()) {
      throw new StoreException(
          COLLECTION
              + ": '"
              + collection
              + "' is not allowed; allowed: letters, digits and _, up to 255 of them, not a digit"
              + " first");
    }
    boolean hasToken =
        address.options().containsKey(TOKEN_FILE) || address.options().containsKey(TOKEN_ENV);
    boolean secure =
        isTrue(address, SECURE, hasToken && !ServerHost.isThisMachine(target.group("host")));
    if (address.options().containsKey(CA_FILE) && !secure) {
      throw new StoreException(CA_FILE + " has a meaning with " + SECURE + "=true only");
    }
    address.requireOneAtMost(TOKEN_FILE, TOKEN_ENV);
    return new MilvusSettings(
        address.toString(),
        target.group("host"),
        port,
        target.group("database"),
        address,
        address.metric(),
        collection,
        secure,
        consistency(address.option(CONSISTENCY, "strong")),
        address.option(EF_SEARCH, 100, 1, 10_000),
        address.option(CONNECTIONS, 16, 2, 100),
        address.option(EF_CONSTRUCTION, 100, 4, 1000),
        address.option(TIMEOUT, 60, 1, 86_400));
  }

  private static boolean isTrue(StoreAddress address, String key, boolean otherwise) {
    String value = address.option(key, String.valueOf(otherwise));
    if (!value.equals("true") && !value.equals("false")) {
      throw new StoreException(key + ": '" + value + "' is not allowed; allowed: true or false");
    }
    return value.equals("true");
  }

  private static ConsistencyLevel consistency(String value) {
    return switch (value) {
      case "strong" -> ConsistencyLevel.STRONG;
      case "bounded" -> ConsistencyLevel.BOUNDED;
      default ->
          throw new StoreException(
              CONSISTENCY + ": '" + value + "' is not allowed; allowed: strong or bounded");
    };
  }

  /** What the client needs to connect, with the token; read anew for every connection. */
  ConnectConfig connection() {
    ConnectConfig.ConnectConfigBuilder config =
        ConnectConfig.builder()
            .uri((secure ? "https://" : "http://") + host + ":" + port)
            .secure(secure)
            .connectTimeoutMs(CONNECT_TIMEOUT_SECONDS * 1000L)
            // A server ends connections that ask all the time whether it is still there.
            .keepAliveTimeMs(KEEP_ALIVE_MILLIS)
            .keepAliveWithoutCalls(false)
            .rpcDeadlineMs(timeoutSeconds * 1000L);
    if (database != null) {
      config.dbName(database);
    }
    String token = address.secret(TOKEN_FILE, TOKEN_ENV);
    if (token != null) {
      config.token(token);
    }
    String authorities = address.options().get(CA_FILE);
    if (authorities != null) {
      config.caPemPath(authorities);
    }
    return config.build();
  }
}
