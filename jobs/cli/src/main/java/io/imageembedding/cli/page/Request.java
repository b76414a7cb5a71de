// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

/**
 * What is asked for.
 *
 * @param path as it was sent, without the query
 * @param query as it was sent, null if there is none
 * @param body empty as long as only the head has come
 */
record Request(String method, String path, String query, byte[] body) {

  static Request of(String method, String uri) {
    int question = uri.indexOf('?');
    return new Request(
        method,
        question < 0 ? uri : uri.substring(0, question),
        question < 0 ? null : uri.substring(question + 1),
        new byte[0]);
  }

  Request with(byte[] whole) {
    return new Request(method, path, query, whole);
  }
}
