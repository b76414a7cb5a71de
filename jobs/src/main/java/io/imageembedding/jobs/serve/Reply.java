// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.serve;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * What a request is answered with.
 *
 * @param cacheable whether the browser may keep it: what is under its address never changes
 */
record Reply(int status, String type, byte[] body, boolean cacheable) {
  private static final ObjectMapper JSON =
      new ObjectMapper().setSerializationInclusion(JsonInclude.Include.NON_NULL);

  /** A failure as {@code --json} of the commands prints it. */
  private record Failed(Failure error) {}

  private record Failure(String stage, String code, String message) {}

  static Reply json(Object value) {
    return json(200, value);
  }

  static Reply of(RequestFailure failure) {
    return json(
        failure.status(),
        new Failed(new Failure(failure.stage(), failure.code(), failure.getMessage())));
  }

  private static Reply json(int status, Object value) {
    try {
      return new Reply(
          status, "application/json; charset=utf-8", JSON.writeValueAsBytes(value), false);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what the server answers can be written as JSON", e);
    }
  }
}
