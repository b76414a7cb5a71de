// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import java.util.Map;

/** A request is not answered with what it asked for; the message is for the person who asked. */
final class RequestFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String stage;
  private final String code;
  private final transient Map<String, String> headers;

  /**
   * @param stage of an image that is refused, as in a dead letter; null for every other failure
   */
  RequestFailure(int status, String stage, String code, String message) {
    this(status, stage, code, message, Map.of());
  }

  private RequestFailure(
      int status, String stage, String code, String message, Map<String, String> headers) {
    super(message, null, false, false);
    this.status = status;
    this.stage = stage;
    this.code = code;
    this.headers = headers;
  }

  /** With one more header of the answer. */
  RequestFailure(int status, String code, String message, String header, String value) {
    this(status, null, code, message, Map.of(header, value));
  }

  RequestFailure(int status, String code, String message) {
    this(status, null, code, message);
  }

  int status() {
    return status;
  }

  String stage() {
    return stage;
  }

  Map<String, String> headers() {
    return headers;
  }

  String code() {
    return code;
  }
}
