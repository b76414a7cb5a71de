// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.cookie.ServerCookieDecoder;

/**
 * What visitors from other machines have to know. A browser shows it once in the address, is sent
 * on to an address without it, and then shows a cookie that is good as long as this server runs and
 * from which the token cannot be told. Comparing takes as long whatever is compared.
 */
final class PageToken {
  private static final String COOKIE = "image-embedding-page";
  private static final String TOKEN = "token";
  private static final String BEARER = "Bearer ";

  private final Optional<byte[]> token;
  private final String session;

  /**
   * @param token empty if none is needed
   */
  PageToken(Optional<String> token) {
    this.token = token.map(PageToken::digest);
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    session = HexFormat.of().formatHex(random);
  }

  /** Of one length, so that not even that is told by the time that comparing takes. */
  private static byte[] digest(String text) {
    return DigestUtils.sha256(text);
  }

  /**
   * The way on for who shows the token in the address of the page; empty if no token is shown.
   *
   * @param query of the page
   * @throws RequestFailure if it is not the token
   */
  Optional<Reply> enter(String query) throws RequestFailure {
    if (query == null || !query.startsWith(TOKEN + "=")) {
      return Optional.empty();
    }
    Optional<String> shown = new Parameters(query, Set.of(TOKEN)).text(TOKEN);
    if (token.isPresent() && shown.filter(this::isToken).isEmpty()) {
      throw refused();
    }
    return Optional.of(
        new Reply(
            303,
            "text/plain; charset=utf-8",
            "go on to /".getBytes(StandardCharsets.UTF_8),
            false,
            Map.of(
                "Location",
                "/",
                "Set-Cookie",
                COOKIE + "=" + session + "; Path=/; HttpOnly; SameSite=Lax")));
  }

  private boolean isToken(String shown) {
    return MessageDigest.isEqual(digest(shown), token.orElseThrow());
  }

  /** Refuses who shows neither the token nor the cookie. */
  void check(HttpHeaders headers) throws RequestFailure {
    if (token.isEmpty()) {
      return;
    }
    boolean known = false;
    for (String authorization : headers.getAll(HttpHeaderNames.AUTHORIZATION)) {
      known |=
          authorization.startsWith(BEARER)
              && isToken(authorization.substring(BEARER.length()).strip());
    }
    List<String> cookies = headers.getAll(HttpHeaderNames.COOKIE);
    byte[] expected = digest(session);
    for (String line : cookies) {
      known |=
          ServerCookieDecoder.STRICT.decodeAll(line).stream()
              .filter(cookie -> cookie.name().equals(COOKIE))
              .anyMatch(cookie -> MessageDigest.isEqual(digest(cookie.value()), expected));
    }
    if (!known) {
      throw refused();
    }
  }

  private static RequestFailure refused() {
    return new RequestFailure(
        401,
        "TOKEN_NEEDED",
        "this page is for those who know its token; open /?token=TOKEN",
        "WWW-Authenticate",
        "Bearer");
  }
}
