// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The proxy that the environment names for addresses that it does not except. */
final class EnvironmentProxy extends ProxySelector {
  private static final Logger LOG = LoggerFactory.getLogger(EnvironmentProxy.class);

  private final InetSocketAddress proxy;
  private final List<String> direct;

  private EnvironmentProxy(InetSocketAddress proxy, List<String> direct) {
    this.proxy = proxy;
    this.direct = direct;
  }

  /** The proxy that the environment names, as other programs take it; else Java's own. */
  static ProxySelector in(Map<String, String> environment) {
    String named = environment.getOrDefault("https_proxy", environment.get("HTTPS_PROXY"));
    if (named == null || named.isBlank()) {
      return ProxySelector.getDefault();
    }
    URI proxy = null;
    try {
      proxy = URI.create(named.contains("://") ? named : "http://" + named);
    } catch (IllegalArgumentException e) {
      LOG.warn("the environment variable https_proxy is no address and not used");
    }
    if (proxy == null || proxy.getHost() == null) {
      return ProxySelector.getDefault();
    }
    if (proxy.getRawUserInfo() != null) {
      LOG.warn("https_proxy: the user name and password for the proxy are not used");
    }
    String direct = environment.getOrDefault("no_proxy", environment.getOrDefault("NO_PROXY", ""));
    return new EnvironmentProxy(
        new InetSocketAddress(proxy.getHost(), proxy.getPort() < 0 ? 80 : proxy.getPort()),
        List.of(direct.toLowerCase(Locale.ROOT).split("[,\\s]+")));
  }

  @Override
  public List<Proxy> select(URI uri) {
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    boolean isDirect =
        Address.isLoopback(uri)
            || direct.stream()
                .map(each -> each.replaceFirst("^\\*?\\.", ""))
                .filter(each -> !each.isEmpty())
                .anyMatch(
                    each -> each.equals("*") || host.equals(each) || host.endsWith("." + each));
    return List.of(isDirect ? Proxy.NO_PROXY : new Proxy(Proxy.Type.HTTP, proxy));
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
}
