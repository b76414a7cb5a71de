// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.imageembedding.cli.output.PrintableJson;
import java.util.Map;

/**
 * What a request is answered with.
 *
 * @param headers beside those that every answer has
 * @param cacheable whether the browser may keep it: what is under its address never changes
 */
record Reply(int status, String type, byte[] body, boolean cacheable, Map<String, String> headers) {
  /** A failure as {@code --json} of the commands prints it. */
  private record Failed(Failure error) {}

  private record Failure(String stage, String code, String message) {}

  Reply(int status, String type, byte[] body, boolean cacheable) {
    this(status, type, body, cacheable, Map.of());
  }

  static Reply json(Object value) {
    return json(200, value);
  }

  static Reply of(RequestFailure failure) {
    Reply reply =
        json(
            failure.status(),
            new Failed(new Failure(failure.stage(), failure.code(), failure.getMessage())));
    return new Reply(reply.status(), reply.type(), reply.body(), false, failure.headers());
  }

  private static Reply json(int status, Object value) {
    try {
      return new Reply(
          status,
          "application/json; charset=utf-8",
          PrintableJson.MAPPER.writeValueAsBytes(value),
          false);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what the server answers can be written as JSON", e);
    }
  }
}
