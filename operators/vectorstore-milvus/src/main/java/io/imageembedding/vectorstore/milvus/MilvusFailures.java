// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.vectorstore.StoreException;
import io.milvus.shaded.io.grpc.Status;
import io.milvus.shaded.io.grpc.StatusRuntimeException;
import io.milvus.v2.exception.ErrorCode;
import io.milvus.v2.exception.MilvusClientException;
import java.io.IOException;
import java.util.Set;

/** What went wrong with a server, in one line, and whether it can pass. */
final class MilvusFailures {

  private static final int NOT_READY = 1;

  /**
   * Codes that Milvus itself calls retriable: unavailable, too many requests, rate limit, resources
   * insufficient, collection not fully loaded, replica, channel or node not available.
   */
  private static final Set<Integer> PASSING = Set.of(2, 4, 8, 12, 103, 401, 503, 901, 902, 903);

  private static final Set<Status.Code> PASSING_CALLS =
      Set.of(
          Status.Code.UNAVAILABLE,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.ABORTED,
          Status.Code.CANCELLED);

  private MilvusFailures() {}

  static StoreException of(MilvusSettings settings, RuntimeException failure) {
    if (failure instanceof StoreException known) {
      return known;
    }
    StatusRuntimeException call = call(failure);
    if (call != null) {
      return of(settings, call);
    }
    String message = settings.name() + ": " + oneLine(failure.getMessage());
    boolean passes =
        failure instanceof MilvusClientException e
            && (e.getErrorCode() == ErrorCode.TIMEOUT
                || PASSING.contains(e.getServerErrCode())
                || e.getServerErrCode() == NOT_READY && message.contains("not ready"));
    return passes ? StoreException.passing(message, failure) : new StoreException(message, failure);
  }

  private static StatusRuntimeException call(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof StatusRuntimeException call) {
        return call;
      }
    }
    return null;
  }

  private static StoreException of(MilvusSettings settings, StatusRuntimeException call) {
    Status status = call.getStatus();
    String message =
        settings.name()
            + ": "
            + switch (status.getCode()) {
              case DEADLINE_EXCEEDED -> "no answer from the server in time";
              case UNKNOWN, INTERNAL ->
                  isLost(status)
                      ? "the connection was lost: " + oneLine(status.getDescription())
                      : described(status);
              case UNAUTHENTICATED, PERMISSION_DENIED ->
                  "the server does not allow it: " + oneLine(status.getDescription());
              default -> described(status);
            };
    return PASSING_CALLS.contains(status.getCode()) || isLost(status)
        ? StoreException.passing(message, call)
        : new StoreException(message, call);
  }

  /**
   * A connection that ends in mid-call is unavailable to the client, or, by its moment, unknown.
   */
  private static boolean isLost(Status status) {
    return status.getCause() instanceof IOException;
  }

  private static String described(Status status) {
    return status.getCode() + " " + oneLine(status.getDescription());
  }

  private static String oneLine(String message) {
    return String.valueOf(message).strip().replaceAll("\\s+", " ");
  }
}
