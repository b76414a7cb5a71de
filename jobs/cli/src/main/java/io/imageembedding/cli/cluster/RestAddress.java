// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.cluster;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.apache.flink.annotation.Internal;

/**
 * Where a cluster's REST interface is.
 *
 * @param base what paths are put behind
 * @param shown host and port
 */
@Internal
public record RestAddress(URI base, String shown) {

  /** Flink's own default. */
  public static final String DEFAULT = "localhost:8081";

  private static final String DEFAULT_PORT = ":8081";

  /**
   * Reads {@code HOST}, {@code HOST:PORT}, or {@code http://} or {@code https://} with a host, and
   * perhaps a port and a path that a proxy has it at.
   *
   * @throws IllegalArgumentException with what is allowed
   */
  public static RestAddress of(String given) {
    URI address;
    try {
      address = new URI(given.contains("://") ? given : "http://" + given);
    } catch (URISyntaxException e) {
      throw notAllowed(given);
    }
    String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
    boolean tls = scheme.equals("https");
    if (!tls && !scheme.equals("http")
        || address.getHost() == null
        || address.getRawUserInfo() != null
        || address.getRawQuery() != null
        || address.getRawFragment() != null
        || address.getPort() == 0
        || address.getPort() > 65535) {
      throw notAllowed(given);
    }
    String port = given.contains("://") ? tls ? ":443" : ":80" : DEFAULT_PORT;
    String shown = address.getHost() + (address.getPort() < 0 ? port : ":" + address.getPort());
    String path = address.getRawPath().replaceFirst("/+$", "");
    return new RestAddress(URI.create(scheme + "://" + shown + path), shown);
  }

  /** What was given may hold a password, so it is not repeated. */
  private static IllegalArgumentException notAllowed(String given) {
    return new IllegalArgumentException(
        (given.contains("@") ? "a name and password" : "'" + given + "'")
            + " is not allowed; allowed: HOST:PORT, http://HOST:PORT/PATH or"
            + " https://HOST:PORT/PATH");
  }

  boolean isTls() {
    return base.getScheme().equals("https");
  }
}
