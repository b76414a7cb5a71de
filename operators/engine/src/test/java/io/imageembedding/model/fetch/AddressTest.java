// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressTest {

  @ParameterizedTest
  @CsvSource({
    "https://me:secret@host/a?token=secret#secret, https://host/a",
    "https://host/a@2/b?x=/secret@, https://host/a@2/b",
    "s3://key:secret@bucket/model.ckpt, s3://bucket/model.ckpt",
    "s3://secret@bucket, s3://bucket",
    "hdfs:/models/a?secret, hdfs:/models/a",
    "/models/a?b#c, /models/a?b#c",
    "C:/models/a, C:/models/a"
  })
  void noPasswordAndNoQueryIsShown(String text, String shown) {
    assertThat(Address.shown(text)).isEqualTo(shown);
  }

  @Test
  void theProxyOfTheEnvironmentIsTakenWhereItIsToBe() {
    ProxySelector proxies =
        EnvironmentProxy.in(
            Map.of("https_proxy", "http://proxy.local:3128", "no_proxy", "internal, .example.org"));

    assertThat(proxies.select(URI.create("https://tfhub.dev/a")))
        .containsExactly(new Proxy(Proxy.Type.HTTP, new InetSocketAddress("proxy.local", 3128)));
    assertThat(proxies.select(URI.create("https://a.example.org/a")))
        .containsExactly(Proxy.NO_PROXY);
    assertThat(proxies.select(URI.create("http://127.0.0.1:8080/a")))
        .containsExactly(Proxy.NO_PROXY);
    assertThat(EnvironmentProxy.in(Map.of())).isSameAs(ProxySelector.getDefault());
    assertThat(EnvironmentProxy.in(Map.of("https_proxy", "not a proxy")))
        .isSameAs(ProxySelector.getDefault());
  }
}
