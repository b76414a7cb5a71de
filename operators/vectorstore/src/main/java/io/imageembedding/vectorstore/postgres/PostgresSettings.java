// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import io.imageembedding.vectorstore.ServerHost;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.PGProperty;
import org.postgresql.jdbc.SslMode;

/** An address of a PostgreSQL store, read. */
record PostgresSettings(
    String name,
    String url,
    StoreAddress address,
    Similarity metric,
    String schema,
    String table,
    boolean typeGiven,
    ElementType type,
    int efSearch,
    int connections,
    int efConstruction,
    int indexMemoryMb,
    int statementTimeoutSeconds) {

  private static final String TABLE = "table";
  private static final String USER = "user";
  private static final String PASSWORD_FILE = "password-file";
  private static final String PASSWORD_ENV = "password-env";
  private static final String TYPE = "type";
  private static final String EF_SEARCH = "ef-search";
  private static final String CONNECTIONS = "m";
  private static final String EF_CONSTRUCTION = "ef-construction";
  private static final String INDEX_MEMORY_MB = "index-memory-mb";
  private static final String STATEMENT_TIMEOUT = "statement-timeout";
  private static final String POOL_MODE = "pool-mode";
  private static final String SESSION = "session";
  private static final String TRANSACTION = "transaction";
  private static final List<String> OF_DRIVER =
      List.of(
          PGProperty.SSL_MODE.getName(),
          PGProperty.SSL_ROOT_CERT.getName(),
          PGProperty.SSL_CERT.getName(),
          PGProperty.SSL_KEY.getName(),
          PGProperty.CHANNEL_BINDING.getName(),
          PGProperty.APPLICATION_NAME.getName(),
          PGProperty.TARGET_SERVER_TYPE.getName(),
          PGProperty.LOAD_BALANCE_HOSTS.getName());
  private static final Pattern TARGET =
      Pattern.compile(
          "//(?:(?<user>[^/@?&#;\\s]+)@)?(?<host>[^/@?&#;\\s]+)/(?<database>[^/?&#;\\s]+)");
  private static final Pattern TABLE_NAME =
      Pattern.compile("(?:(?<schema>[a-z_][a-z0-9_]{0,50})\\.)?(?<table>[a-z_][a-z0-9_]{0,50})");

  /** For each host. */
  private static final int CONNECT_TIMEOUT_SECONDS = 10;

  /** For each answer of the server, from the first byte to the end of the login. */
  private static final int LOGIN_TIMEOUT_SECONDS = 10;

  /** How long the driver does not ask again whether a host is there and can be written to. */
  private static final int HOST_RECHECK_SECONDS = 1;

  static PostgresSettings of(StoreAddress address) {
    Set<String> known =
        new HashSet<>(
            Set.of(
                TABLE,
                USER,
                PASSWORD_FILE,
                PASSWORD_ENV,
                TYPE,
                EF_SEARCH,
                CONNECTIONS,
                EF_CONSTRUCTION,
                INDEX_MEMORY_MB,
                STATEMENT_TIMEOUT,
                POOL_MODE));
    known.addAll(OF_DRIVER);
    address.requireKnown(known);
    Matcher target = TARGET.matcher(address.target());
    if (!target.matches()) {
      throw new StoreException(
          address
              + " is not of the form postgresql://HOST:PORT/DATABASE?table=NAME, or with several"
              + " HOST:PORT and commas between them");
    }
    Matcher table = TABLE_NAME.matcher(address.option(TABLE, "image_embeddings"));
    if (!table.matches()) {
      throw new StoreException(
          TABLE
              + ": '"
              + address.options().get(TABLE)
              + "' is not allowed; allowed: lower-case letters, digits and _, up to 51 of them,"
              + " with or without such a schema and a dot in front");
    }
    requireOneOf(
        address,
        PGProperty.TARGET_SERVER_TYPE.getName(),
        PGProperty.TARGET_SERVER_TYPE.getChoices());
    requireOneOf(
        address,
        PGProperty.SSL_MODE.getName(),
        Arrays.stream(SslMode.VALUES).map(mode -> mode.value).toArray(String[]::new));
    requireOneOf(address, PGProperty.CHANNEL_BINDING.getName(), "disable", "prefer", "require");
    requireOneOf(address, PGProperty.LOAD_BALANCE_HOSTS.getName(), "true", "false");
    requireOneOf(address, POOL_MODE, SESSION, TRANSACTION);
    address.requireOneAtMost(PASSWORD_FILE, PASSWORD_ENV);
    return new PostgresSettings(
        address.toString(),
        "jdbc:postgresql://" + target.group("host") + "/" + target.group("database"),
        address,
        address.metric(),
        table.group("schema"),
        table.group("table"),
        address.options().containsKey(TYPE),
        ElementType.parse(address.option(TYPE, ElementType.VECTOR.sql())),
        address.option(EF_SEARCH, 100, 1, 1000),
        address.option(CONNECTIONS, 16, 2, 100),
        address.option(EF_CONSTRUCTION, 100, 4, 1000),
        address.option(INDEX_MEMORY_MB, 2048, 1, 1 << 20),
        address.option(STATEMENT_TIMEOUT, 60, 1, 86_400));
  }

  private static void requireOneOf(StoreAddress address, String key, String... allowed) {
    String value = address.options().get(key);
    if (value != null && !List.of(allowed).contains(value)) {
      throw new StoreException(
          key + ": '" + value + "' is not allowed; allowed: " + String.join(", ", allowed));
    }
  }

  private int hosts() {
    return url.split(",", -1).length;
  }

  private boolean leavesThisMachine() {
    Matcher target = TARGET.matcher(address.target());
    return !target.matches()
        || !Arrays.stream(target.group("host").split(",", -1))
            .map(host -> host.replaceFirst(":\\d*$", ""))
            .allMatch(ServerHost::isThisMachine);
  }

  int connectTimeoutMillis() {
    return CONNECT_TIMEOUT_SECONDS * 1000;
  }

  /** How long making a connection may take in all. */
  int loginSeconds() {
    return hosts() * CONNECT_TIMEOUT_SECONDS + LOGIN_TIMEOUT_SECONDS;
  }

  /** Settings of the server for one transaction, as statements. */
  String perTransaction() {
    return "SET LOCAL statement_timeout = '"
        + statementTimeoutSeconds
        + "s'; SET LOCAL hnsw.ef_search = "
        + efSearch
        // Goes on looking where a filter leaves fewer than were asked for.
        + "; SET LOCAL hnsw.iterative_scan = relaxed_order";
  }

  /**
   * What the driver needs to connect, with the password; read anew for every connection.
   *
   * @param writable whether a server that can be written to is looked for, where there are several
   */
  Properties connection(boolean writable) {
    Properties properties = new Properties();
    for (String key : OF_DRIVER) {
      if (address.options().containsKey(key)) {
        properties.setProperty(key, address.options().get(key));
      }
    }
    if (leavesThisMachine()) {
      // The driver's own default speaks TLS where the server offers it, and else without.
      properties.putIfAbsent(
          PGProperty.SSL_MODE.getName(),
          properties.containsKey(PGProperty.SSL_ROOT_CERT.getName())
              ? SslMode.VERIFY_FULL.value
              : SslMode.REQUIRE.value);
    }
    Matcher target = TARGET.matcher(address.target());
    String user = address.option(USER, target.matches() ? target.group("user") : null);
    if (user != null) {
      properties.setProperty(PGProperty.USER.getName(), user);
    }
    String password = address.secret(PASSWORD_FILE, PASSWORD_ENV);
    if (password != null) {
      properties.setProperty(PGProperty.PASSWORD.getName(), password);
    }
    if (hosts() > 1) {
      properties.putIfAbsent(PGProperty.TARGET_SERVER_TYPE.getName(), writable ? "primary" : "any");
      set(properties, PGProperty.HOST_RECHECK_SECONDS, HOST_RECHECK_SECONDS);
    }
    if (TRANSACTION.equals(address.options().get(POOL_MODE))) {
      // The next transaction may be at another server, or after one of another client.
      set(properties, PGProperty.PREPARE_THRESHOLD, 0);
    }
    set(properties, PGProperty.CONNECT_TIMEOUT, hosts() * CONNECT_TIMEOUT_SECONDS);
    set(properties, PGProperty.SOCKET_TIMEOUT, LOGIN_TIMEOUT_SECONDS);
    properties.setProperty(PGProperty.TCP_KEEP_ALIVE.getName(), "true");
    return properties;
  }

  private static void set(Properties properties, PGProperty property, int value) {
    properties.setProperty(property.getName(), String.valueOf(value));
  }
}
