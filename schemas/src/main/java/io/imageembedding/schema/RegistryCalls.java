// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.safety.Backoff;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Sends requests to a schema registry. Each call ends within {@link Limits#total}, whatever the
 * registry does: each attempt has its time, headers and body together, and what can pass (no
 * connection, a reset, no answer in time, status 408, 425, 429 and 5xx) is tried again after
 * pauses, each twice as long as the one before.
 */
final class RegistryCalls {

  /** Times that nothing may take longer than. */
  record Limits(Duration connect, Duration attempt, Duration total, Duration firstPause) {
    static final Limits DEFAULT =
        new Limits(
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMillis(100));
  }

  /**
   * @param body empty where it is longer than {@link #MAX_BYTES}
   */
  record Answer(int status, Optional<byte[]> body) {}

  static final int MAX_BYTES = 1 << 20;

  private static final int REQUEST_TIMEOUT = 408;
  private static final int TOO_EARLY = 425;
  private static final int TOO_MANY_REQUESTS = 429;

  private final String url;
  private final Limits limits;
  private final HttpClient client;

  RegistryCalls(String url, Limits limits) {
    this.url = url;
    this.limits = limits;
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(limits.connect)
            .followRedirects(HttpClient.Redirect.NEVER)
            .executor(threads())
            .build();
  }

  /** Threads that soon end when idle: each holds the class loader of the job that began it. */
  private static Executor threads() {
    return new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        1,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        task -> {
          Thread thread = new Thread(task, "schema-registry");
          thread.setDaemon(true);
          return thread;
        });
  }

  /**
   * The answer to the request, of a status that would be the same if it was sent again.
   *
   * @throws IOException if there is none within the time
   */
  Answer send(HttpRequest request) throws IOException {
    Backoff backoff = new Backoff(limits.firstPause, limits.total, limits.total);
    try {
      while (true) {
        String failure;
        long left = backoff.left().toNanos();
        try {
          Answer answer = attempt(request, Math.min(left, limits.attempt.toNanos()));
          if (!canPass(answer.status)) {
            return answer;
          }
          failure = "answered " + answer.status;
        } catch (ExecutionException e) {
          failure = "does not answer (" + reason(e.getCause()) + ")";
        } catch (TimeoutException e) {
          failure = "does not answer in time";
        }
        // An attempt at the very end would only say that there was no time for it.
        if (backoff.left().compareTo(backoff.next()) <= 0 || !backoff.pause()) {
          throw new IOException(
              "schema registry " + url + " " + failure + "; tried for " + text(limits.total));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while asking the schema registry", e);
    }
  }

  private Answer attempt(HttpRequest request, long nanos)
      throws InterruptedException, ExecutionException, TimeoutException {
    CompletableFuture<HttpResponse<Optional<byte[]>>> answer =
        client.sendAsync(request, info -> new BoundedBody());
    try {
      HttpResponse<Optional<byte[]>> response = answer.get(nanos, TimeUnit.NANOSECONDS);
      return new Answer(response.statusCode(), response.body());
    } finally {
      answer.cancel(true);
    }
  }

  private static boolean canPass(int status) {
    return status >= 500
        || status == REQUEST_TIMEOUT
        || status == TOO_EARLY
        || status == TOO_MANY_REQUESTS;
  }

  private static String reason(Throwable failure) {
    return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
  }

  private static String text(Duration duration) {
    return duration.toMillis() >= 1000 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
  }

  /** Takes a body of {@link #MAX_BYTES} and no more. */
  private static final class BoundedBody implements HttpResponse.BodySubscriber<Optional<byte[]>> {
    private final CompletableFuture<Optional<byte[]>> whole = new CompletableFuture<>();
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private Subscription subscription;

    @Override
    public CompletionStage<Optional<byte[]>> getBody() {
      return whole;
    }

    @Override
    public void onSubscribe(Subscription given) {
      subscription = given;
      given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> parts) {
      for (ByteBuffer part : parts) {
        if (taken.size() + part.remaining() > MAX_BYTES) {
          subscription.cancel();
          whole.complete(Optional.empty());
          return;
        }
        byte[] bytes = new byte[part.remaining()];
        part.get(bytes);
        taken.writeBytes(bytes);
      }
    }

    @Override
    public void onError(Throwable failure) {
      whole.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      whole.complete(Optional.of(taken.toByteArray()));
    }
  }
}
