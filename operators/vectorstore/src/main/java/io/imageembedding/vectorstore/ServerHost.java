// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import io.imageembedding.annotation.Internal;
import java.util.Locale;
import java.util.regex.Pattern;

/** Where the server of a store is. */
@Internal
public final class ServerHost {
  private static final Pattern LOOPBACK =
      Pattern.compile(
          "localhost|127(?:\\.\\d{1,3}){3}|\\[?(?:::1|(?:0{1,4}:){7}0{0,3}1|::ffff:127(?:\\.\\d{1,3}){3})]?");

  private ServerHost() {}

  /**
   * Whether what is sent to the host never leaves this machine. By its name or address alone: what
   * a name server says may change.
   *
   * @param host without port
   */
  public static boolean isThisMachine(String host) {
    return LOOPBACK.matcher(host.toLowerCase(Locale.ROOT)).matches();
  }
}
