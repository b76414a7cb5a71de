// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The page, which is one file, and the policy by which a browser runs nothing but what is in it:
 * its one style sheet and its one script are named by their digests.
 */
final class Page {
  private static final String FILE = "page.html";

  private final byte[] html;
  private final String policy;

  Page() {
    try (InputStream in = Page.class.getResourceAsStream(FILE)) {
      html = in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("the page is part of the program", e);
    }
    String text = new String(html, StandardCharsets.UTF_8);
    policy =
        "default-src 'none'; img-src 'self' data:; connect-src 'self'; style-src "
            + digest(text, "style")
            + "; script-src "
            + digest(text, "script")
            + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  }

  private static String digest(String html, String element) {
    String begin = "<" + element + ">";
    int from = html.indexOf(begin) + begin.length();
    byte[] content =
        html.substring(from, html.indexOf("</" + element + ">", from))
            .getBytes(StandardCharsets.UTF_8);
    return "'sha256-" + Base64.getEncoder().encodeToString(DigestUtils.sha256(content)) + "'";
  }

  /** Value of {@code Content-Security-Policy}, for every answer. */
  String policy() {
    return policy;
  }

  Reply reply() {
    return new Reply(200, "text/html; charset=utf-8", html, false);
  }
}
