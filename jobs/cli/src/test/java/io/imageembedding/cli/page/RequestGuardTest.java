// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultHttpHeaders;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestGuardTest {
  private final RequestGuard open = new RequestGuard(new InetSocketAddress("0.0.0.0", 80));

  @ParameterizedTest
  @ValueSource(strings = {"192.168.0.7:8090", "[fe80::1]:8090", "localhost:8090", "10.0.0.1"})
  void aServerForOthersGoesByAddressesWhichNoForeignNameCanBe(String host) {
    assertThatCode(() -> open.check(host(host), false)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pictures.example", "1.2.3.4.example", "", "a b", "1.2.3.4:x"})
  void itGoesByNoNameThatItWasNotGiven(String host) {
    assertThatThrownBy(() -> open.check(host(host), false)).isInstanceOf(RequestFailure.class);
  }

  @Test
  void itGoesByTheNameThatItIsBoundTo() throws Exception {
    InetAddress named = InetAddress.getByAddress("pictures.local", new byte[] {10, 0, 0, 1});
    RequestGuard bound = new RequestGuard(new InetSocketAddress(named, 8090));

    assertThatCode(() -> bound.check(host("pictures.local:8090"), true)).doesNotThrowAnyException();
    assertThatThrownBy(() -> open.check(host("pictures.local:8090"), true))
        .isInstanceOf(RequestFailure.class);
  }

  @Test
  void twoHostsAreNone() {
    HttpHeaders headers = host("localhost");
    headers.add("Host", "localhost");
    assertThatThrownBy(() -> open.check(headers, true)).isInstanceOf(RequestFailure.class);
  }

  private static HttpHeaders host(String host) {
    HttpHeaders headers = new DefaultHttpHeaders();
    headers.add("Host", host);
    return headers;
  }
}
