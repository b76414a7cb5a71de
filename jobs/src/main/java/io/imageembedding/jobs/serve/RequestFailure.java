// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.serve;

/** A request is not answered with what it asked for; the message is for the person who asked. */
final class RequestFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String stage;
  private final String code;

  /**
   * @param stage of an image that is refused, as in a dead letter; null for every other failure
   */
  RequestFailure(int status, String stage, String code, String message) {
    super(message, null, false, false);
    this.status = status;
    this.stage = stage;
    this.code = code;
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

  String code() {
    return code;
  }
}
