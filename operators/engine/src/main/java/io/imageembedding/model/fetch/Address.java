// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;

/** What a text that is not a plain path names, and how it may be shown. */
final class Address {
  /** A scheme of two letters or more: one letter is a drive. */
  private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]+:/.*");

  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]|\\[0:0:0:0:0:0:0:1]");

  private Address() {}

  /** The scheme in lower case, or null if the text is a path. */
  static String scheme(String text) {
    if (text.startsWith("file:")) {
      return "file";
    }
    return SCHEME.matcher(text).matches()
        ? text.substring(0, text.indexOf(':')).toLowerCase(Locale.ROOT)
        : null;
  }

  static boolean isWeb(String text) {
    String scheme = scheme(text);
    return "https".equals(scheme) || "http".equals(scheme);
  }

  /**
   * @throws ModelException if it is none
   */
  static URI uri(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      // Its message repeats the text, and with it what must not be shown.
      throw ModelException.of(shown(text), "not an address, " + e.getReason());
    }
  }

  /** The address without user name, password, query and fragment, none of which may be printed. */
  static String shown(String text) {
    if (scheme(text) == null) {
      return text;
    }
    return text.replaceFirst("^([^/]*//)[^/?#]*@", "$1").replaceFirst("[?#].*", "");
  }

  static boolean isLoopback(URI uri) {
    return uri.getHost() != null
        && LOOPBACK.matcher(uri.getHost().toLowerCase(Locale.ROOT)).matches();
  }

  /** The last part of a path or an address, without a query. */
  static String lastName(String text) {
    String path = shown(text).replaceFirst("/+$", "");
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
