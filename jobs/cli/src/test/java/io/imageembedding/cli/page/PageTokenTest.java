// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import java.util.Optional;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultHttpHeaders;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PageTokenTest {
  private static final String TOKEN = "correct-horse-battery";

  private final PageToken guarded = new PageToken(Optional.of(TOKEN));

  @Test
  void whoShowsTheTokenOnceIsSentOnWithACookieInWhichItIsNot() throws Exception {
    Reply entered = guarded.enter("token=" + TOKEN).orElseThrow();

    assertThat(entered.status()).isEqualTo(303);
    assertThat(entered.headers()).containsEntry("Location", "/");
    String cookie = entered.headers().get("Set-Cookie");
    assertThat(cookie).contains("HttpOnly", "SameSite=Lax").doesNotContain(TOKEN);
    String pair = cookie.substring(0, cookie.indexOf(';'));
    assertThatNoException().isThrownBy(() -> guarded.check(header("Cookie", "other=1; " + pair)));
    assertThatExceptionOfType(RequestFailure.class)
        .as("of a server that was started before")
        .isThrownBy(() -> new PageToken(Optional.of(TOKEN)).check(header("Cookie", pair)));
  }

  @ParameterizedTest
  @CsvSource({
    "X, y",
    "Authorization, Bearer",
    "Authorization, Bearer correct-horse-batterz",
    "Authorization, Basic correct-horse-battery",
    "Authorization, correct-horse-battery",
    "Cookie, image-embedding-page=",
    "Cookie, image-embedding-page=correct-horse-battery",
    "Cookie, image-embedding-page=0000",
  })
  void whoDoesNotIsRefused(String name, String value) {
    assertThatExceptionOfType(RequestFailure.class)
        .isThrownBy(() -> guarded.check(header(name, value)))
        .satisfies(
            e -> {
              assertThat(e.status()).isEqualTo(401);
              assertThat(e.getMessage()).doesNotContain(TOKEN);
            });
  }

  @ParameterizedTest
  @CsvSource({"token=", "token=wrong", "token=correct-horse-battery2"})
  void aWrongTokenInTheAddressIsRefused(String query) {
    assertThatExceptionOfType(RequestFailure.class).isThrownBy(() -> guarded.enter(query));
  }

  @Test
  void programsShowItInAHeader() {
    assertThatNoException()
        .isThrownBy(() -> guarded.check(header("Authorization", "Bearer " + TOKEN)));
  }

  @Test
  void withoutATokenNothingIsAsked() throws Exception {
    PageToken open = new PageToken(Optional.empty());
    assertThatNoException().isThrownBy(() -> open.check(new DefaultHttpHeaders()));
    assertThat(open.enter(null)).isEmpty();
    assertThat(open.enter("utm=1")).isEmpty();
  }

  private static HttpHeaders header(String name, String value) {
    return new DefaultHttpHeaders().add(name, value);
  }
}
