// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import java.net.URI;

/** Where the archive of a TensorFlow Hub handle is. */
final class HubAddress {
  private static final String COMPRESSED = "tf-hub-format=compressed";

  private HubAddress() {}

  static String offline(String handle, String pinned) {
    return "without a network, download "
        + handle
        + "?"
        + COMPRESSED
        + " elsewhere and give the archive's path"
        + (pinned == null
            ? ", or set " + HubCache.ENVIRONMENT + " to a cache of tensorflow_hub that has it"
            : "");
  }

  static URI archive(String handle) {
    int hash = handle.indexOf('#');
    String address = hash < 0 ? handle : handle.substring(0, hash);
    return Address.uri(address + (address.contains("?") ? "&" : "?") + COMPRESSED);
  }
}
