// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import io.imageembedding.annotation.Internal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of settings that hold a secret by what they are called, wherever they stand. */
@Internal
public final class SecretNames {
  private static final String KINDS =
      "password|passwd|pwd|passphrase|passcode|secret|token|credentials?|user[._-]?info"
          + "|(?:api|secret|access|account|private)[._-]?key";

  private static final Pattern NAME = Pattern.compile("(?i)\\S*(?:" + KINDS + ")");

  /** {@code key=} behind what begins a query or an option. */
  private static final Pattern ASSIGNMENT =
      Pattern.compile("(?i)[?&;#,\\s]\\s*([^?&;#,=\\s]*(?:" + KINDS + "|signature|sig))\\s*=");

  private static final Pattern USER_INFO = Pattern.compile("//[^/?#\\s@]*:[^\\s]*@");

  /** How often a text may be encoded within itself. */
  private static final int MOST_ENCODINGS = 4;

  private SecretNames() {}

  /** Whether what stands under the name is a secret; a file or variable that holds one is not. */
  public static boolean isSecret(String name) {
    return NAME.matcher(name).matches();
  }

  /** The name under which a secret stands in an address or its query, however it is encoded. */
  public static Optional<String> assignedIn(String address) {
    String text = address;
    for (int i = 0; i < MOST_ENCODINGS; i++) {
      Matcher assignment = ASSIGNMENT.matcher(text);
      if (assignment.find()) {
        return Optional.of(assignment.group(1));
      }
      String decoded = decoded(text);
      if (decoded.equals(text)) {
        break;
      }
      text = decoded;
    }
    return Optional.empty();
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }

  /** Whether a password stands before the host in some address of the text. */
  public static boolean isBeforeHost(String text) {
    return USER_INFO.matcher(text).find();
  }
}
