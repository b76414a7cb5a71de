// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.safety.SecretNames;
import java.io.IOException;
import java.io.Serializable;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Where a store is, as a person writes it: {@code scheme:target} or {@code
 * scheme:target?key=value&key=value}.
 *
 * <table>
 *   <caption>Kinds of stores</caption>
 *   <tr><th>address</th><th>options</th></tr>
 *   <tr><td>{@code lucene:PATH}</td><td>{@code ef-search}, {@code ram-buffer-mb}</td></tr>
 *   <tr><td>{@code postgresql://HOST:PORT/DATABASE}</td><td>{@code table}, {@code user}, {@code
 *       password-file}, {@code password-env}, {@code type}, {@code ef-search}, {@code
 *       statement-timeout}, {@code pool-mode}, and the driver's for TLS and several hosts</td></tr>
 *   <tr><td>{@code milvus://HOST:PORT/DATABASE}, of the artifact {@code
 *       image-embedding-vectorstore-milvus}</td><td>{@code collection}, {@code token-file}, {@code
 *       token-env}, {@code secure}, {@code ca-file}, {@code ef-search}, {@code m}, {@code
 *       ef-construction}, {@code consistency}, {@code timeout}</td></tr>
 * </table>
 *
 * <p>No secret stands in an address, so an address may be logged: passwords come from files or the
 * environment, and one that is written out is refused.
 *
 * @param scheme kind of store
 * @param target what stands before the options
 * @param options by key, decoded
 */
@PublicEvolving
public record StoreAddress(String scheme, String target, Map<String, String> options)
    implements Serializable {

  /** Option of every kind of store: the metric that its vectors are compared by. */
  public static final String METRIC = "metric";

  /** Options that name the store, of which a kind of store has one at most. */
  private static final List<String> NAMING = List.of("table", "collection");

  /** Options that name a file: ours, and those of PostgreSQL's driver. */
  private static final Pattern FILE = Pattern.compile(".*-file|sslrootcert|sslcert|sslkey");

  private static final Pattern SCHEME = Pattern.compile("[a-z][a-z0-9+.-]*");

  public StoreAddress {
    options = Collections.unmodifiableSortedMap(new TreeMap<>(options));
  }

  /**
   * Reads an address.
   *
   * @throws StoreException if it is none, or has a secret in it; the message does not repeat that
   */
  public static StoreAddress parse(String text) {
    SecretNames.assignedIn(text)
        .ifPresent(
            key -> {
              throw new StoreException(
                  key + ": a secret is not written into the address of a store; " + waysOut(key));
            });
    int colon = text.indexOf(':');
    if (colon < 1 || !SCHEME.matcher(text.substring(0, colon)).matches()) {
      throw new StoreException(
          "a store is named like "
              + Stores.forms()
              + ", not '"
              + text.replaceFirst("(?s)[:?@].*", "…")
              + "'");
    }
    String place = text.substring(colon + 1);
    // A path may have a question mark in it, and so may no server.
    int question = place.startsWith("//") ? place.indexOf('?') : place.lastIndexOf('?');
    String target = question < 0 ? place : place.substring(0, question);
    if (target.indexOf(':') >= 0 && target.indexOf(':') < target.lastIndexOf('@')) {
      throw new StoreException(
          "a password is not written into the address of a store; " + waysOut("password"));
    }
    if (target.isEmpty()) {
      throw new StoreException("'" + text + "' does not say where the store is");
    }
    return new StoreAddress(
        text.substring(0, colon),
        target,
        question < 0 ? Map.of() : options(place.substring(question + 1)));
  }

  /**
   * The same address with other paths: that of the place, unless it is on a server, and those of
   * files that options name.
   *
   * @param path gives what stands for a path
   * @throws StoreException if it is no address
   */
  public static String withPaths(String text, UnaryOperator<String> path) {
    StoreAddress address = parse(text);
    String target = address.target.startsWith("//") ? address.target : path.apply(address.target);
    StringBuilder whole = new StringBuilder(address.scheme).append(':').append(target);
    String separator = "?";
    for (Map.Entry<String, String> option : address.options.entrySet()) {
      boolean isFile = FILE.matcher(option.getKey()).matches();
      String value = isFile ? path.apply(option.getValue()) : option.getValue();
      whole
          .append(separator)
          .append(option.getKey())
          .append('=')
          .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
      separator = "&";
    }
    StoreAddress changed = parse(whole.toString());
    return changed.equals(address) ? text : whole.toString();
  }

  private static String waysOut(String key) {
    String kind = key.toLowerCase(Locale.ROOT).endsWith("token") ? "token" : "password";
    return "allowed: " + kind + "-file=PATH or " + kind + "-env=NAME";
  }

  private static Map<String, String> options(String query) {
    Map<String, String> options = new TreeMap<>();
    for (String option : query.split("&", -1)) {
      int equals = option.indexOf('=');
      if (equals < 1) {
        throw new StoreException("option '" + option + "' of a store is not of the form key=value");
      }
      String key = option.substring(0, equals);
      String value;
      try {
        value = URLDecoder.decode(option.substring(equals + 1), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw new StoreException("option '" + key + "' of a store is not well encoded", e);
      }
      if (options.put(key, value) != null) {
        throw new StoreException("option '" + key + "' of a store is given twice");
      }
    }
    return options;
  }

  /** An option, or its default. */
  public String option(String key, String otherwise) {
    return options.getOrDefault(key, otherwise);
  }

  /**
   * An option that is a whole number.
   *
   * @throws StoreException if it is none, or out of range
   */
  public int option(String key, int otherwise, int least, int most) {
    String value = options.get(key);
    if (value == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Refused below, as a number out of range is.
    }
    throw new StoreException(
        key + ": '" + value + "' is not allowed; allowed: " + least + " to " + most);
  }

  /**
   * Refuses two options of which one is enough.
   *
   * @throws StoreException naming both, if both are there
   */
  public void requireOneAtMost(String key, String other) {
    if (options.containsKey(key) && options.containsKey(other)) {
      throw new StoreException(key + " and " + other + " exclude each other");
    }
  }

  /**
   * A secret that the address does not hold, but says the place of; read anew each time.
   *
   * @param fileKey option with the path of a file that holds it
   * @param variableKey option with the name of an environment variable that holds it
   * @return null if there is neither option
   * @throws StoreException if the file cannot be read, or there is no such variable
   */
  public String secret(String fileKey, String variableKey) {
    requireOneAtMost(fileKey, variableKey);
    String variable = options.get(variableKey);
    if (variable != null) {
      String secret = System.getenv(variable);
      if (secret == null) {
        throw new StoreException(variableKey + ": there is no variable " + variable);
      }
      return secret;
    }
    String file = options.get(fileKey);
    try {
      return file == null ? null : Files.readString(Path.of(file)).strip();
    } catch (IOException | InvalidPathException e) {
      throw new StoreException(fileKey + ": " + file + " cannot be read", e);
    }
  }

  /** The metric, cosine where none is named. */
  public Similarity metric() {
    return Similarity.parse(option(METRIC, Similarity.COSINE.id()));
  }

  /**
   * Refuses options that a kind of store does not have.
   *
   * @throws StoreException naming the option, and those that there are
   */
  public void requireKnown(Set<String> known) {
    for (String key : options.keySet()) {
      if (!known.contains(key) && !key.equals(METRIC)) {
        throw new StoreException(
            "a store "
                + scheme
                + ": has no option '"
                + key
                + "'; there are "
                + String.join(", ", new TreeSet<>(known)));
      }
    }
  }

  /** The address without options that only say how to use it. */
  @Override
  public String toString() {
    return scheme
        + ":"
        + target
        + NAMING.stream()
            .filter(options::containsKey)
            .findFirst()
            .map(key -> "?" + key + "=" + options.get(key))
            .orElse("");
  }
}
