// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;

/**
 * Refuses requests that no page of this server makes. A name in {@code Host} that this server does
 * not go by is how a foreign site reaches it by a name of its own (DNS rebinding); a foreign {@code
 * Origin} or {@code Sec-Fetch-Site} says that the page of another site asks.
 */
final class RequestGuard {
  private static final Pattern PORT = Pattern.compile(":\\d{1,5}$");
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]|\\[0:0:0:0:0:0:0:1]");
  private static final Pattern IP_ADDRESS =
      Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+]");

  private final boolean loopbackOnly;
  private final String name;

  /**
   * @param bound what the server listens to; a name that was bound to is one that it goes by
   */
  RequestGuard(InetSocketAddress bound) {
    loopbackOnly = bound.getAddress().isLoopbackAddress();
    name = bound.getHostString().toLowerCase(Locale.ROOT);
  }

  /**
   * @param page whether it is the page itself that is asked for, which others may link to
   */
  void check(HttpHeaders headers, boolean page) throws RequestFailure {
    String host = single(headers, "Host");
    if (host == null || !isOurs(host.toLowerCase(Locale.ROOT))) {
      throw new RequestFailure(
          421,
          "FOREIGN_HOST",
          "this server does not go by the name in 'Host'; open it by its address, or name it by"
              + " --bind");
    }
    String origin = single(headers, "Origin");
    if (origin != null
        && !origin.equalsIgnoreCase("http://" + host)
        && !origin.equalsIgnoreCase("https://" + host)) {
      throw crossOrigin();
    }
    String site = single(headers, "Sec-Fetch-Site");
    if (site != null && !page && !site.equals("same-origin") && !site.equals("none")) {
      throw crossOrigin();
    }
  }

  private static RequestFailure crossOrigin() {
    return new RequestFailure(
        403, "CROSS_ORIGIN", "the pages of other sites may not ask this server");
  }

  private static String single(HttpHeaders headers, String key) throws RequestFailure {
    List<String> values = headers.getAll(key);
    if (values.size() > 1) {
      throw new RequestFailure(400, "INVALID_HEADER", "'" + key + "' is given twice");
    }
    return values.isEmpty() ? null : values.get(0);
  }

  private boolean isOurs(String host) {
    String bare = PORT.matcher(host).replaceFirst("");
    return LOOPBACK.matcher(bare).matches()
        || !loopbackOnly && (bare.equals(name) || IP_ADDRESS.matcher(bare).matches());
  }
}
