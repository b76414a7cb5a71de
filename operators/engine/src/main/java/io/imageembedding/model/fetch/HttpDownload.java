// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.fetch;

import io.imageembedding.model.ModelException;
import io.imageembedding.safety.Backoff;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Downloads a file over https; over plain http only from this machine. What is transient is tried
 * again, a few times and with pauses.
 */
final class HttpDownload {
  private static final Logger LOG = LoggerFactory.getLogger(HttpDownload.class);
  private static final int REDIRECTS = 10;
  private static final Set<Integer> REDIRECTING = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> TRANSIENT = Set.of(408, 425, 429, 500, 502, 503, 504);

  /**
   * How long to wait, and how often to try.
   *
   * @param connect until there is a connection
   * @param silence until an answer begins, and between two pieces of it
   * @param total until the whole file is here, with all attempts
   * @param attempts in all
   * @param pause before the second attempt; twice as long before each further one
   */
  record Patience(
      Duration connect, Duration silence, Duration total, int attempts, Duration pause) {
    static final Patience DEFAULT =
        new Patience(
            Duration.ofSeconds(15),
            Duration.ofSeconds(60),
            FetchLimits.DEFAULT.time(),
            4,
            Duration.ofMillis(500));
  }

  private final HttpClient client;
  private final Patience patience;
  private final long maxBytes;
  private final FetchProgress progress;

  HttpDownload(
      Map<String, String> environment, Patience patience, long maxBytes, FetchProgress progress) {
    this.client =
        HttpClient.newBuilder()
            .connectTimeout(patience.connect())
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .proxy(EnvironmentProxy.in(environment))
            .build();
    this.patience = patience;
    this.maxBytes = maxBytes;
    this.progress = progress;
  }

  /** A server that did not give the file, and may do so later. */
  private static final class TransientFailure extends Exception {
    private static final long serialVersionUID = 1L;

    TransientFailure(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Writes the file, over what it may hold.
   *
   * @param shown the model in messages
   * @param advice what to do when the address cannot be reached
   * @return the file's SHA-256
   * @throws ModelException if it cannot be had; the file then may hold a part of it
   */
  String to(URI address, Path file, String shown, String advice) {
    requireAllowed(address, shown);
    Backoff backoff = new Backoff(patience.pause(), patience.total(), patience.total());
    long end = System.nanoTime() + patience.total().toNanos();
    for (int attempt = 1; ; attempt++) {
      try {
        return follow(address, file, shown, end);
      } catch (TransientFailure e) {
        if (attempt == patience.attempts()) {
          throw ModelException.of(
              shown, e.getMessage() + " (" + attempt + " attempts); " + advice, e);
        }
        LOG.info("model {}: {}; trying again in {}", shown, e.getMessage(), backoff.next());
        try {
          backoff.pause();
        } catch (InterruptedException interrupted) {
          throw interrupted(shown, interrupted);
        }
      }
    }
  }

  /**
   * @throws ModelException if it is plain http to another machine, or holds a password
   */
  static void requireAllowed(URI address, String shown) {
    String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
    if (address.getHost() == null) {
      throw ModelException.of(shown, "the address names no host");
    }
    if (address.getRawUserInfo() != null) {
      throw ModelException.of(shown, "user names and passwords in addresses are not supported");
    }
    if (!scheme.equals("https") && !(scheme.equals("http") && Address.isLoopback(address))) {
      throw ModelException.of(shown, scheme + " is only for localhost; needed: https");
    }
  }

  private String follow(URI address, Path file, String shown, long end) throws TransientFailure {
    URI at = address;
    for (int i = 0; i <= REDIRECTS; i++) {
      DownloadBody body = new DownloadBody(file, shown, maxBytes, progress);
      HttpResponse<Void> response = await(at, body, shown, end);
      int status = response.statusCode();
      if (status == 200) {
        return body.sha256();
      }
      if (REDIRECTING.contains(status)) {
        URI next = target(at, response, shown);
        if (at.getScheme().equalsIgnoreCase("https") && !next.getScheme().equals("https")) {
          throw ModelException.of(
              shown, "redirected from https to " + Address.shown(next.toString()));
        }
        requireAllowed(next, shown + " (redirected to " + Address.shown(next.toString()) + ")");
        at = next;
      } else if (TRANSIENT.contains(status)) {
        throw new TransientFailure("HTTP status " + status + " from " + at.getHost(), null);
      } else {
        throw ModelException.of(shown, "HTTP status " + status + " from " + at.getHost());
      }
    }
    throw ModelException.of(shown, "more than " + REDIRECTS + " redirects");
  }

  private static URI target(URI from, HttpResponse<Void> response, String shown) {
    String location = response.headers().firstValue("location").orElse("");
    try {
      URI target = from.resolve(URI.create(location));
      if (!location.isEmpty() && target.getScheme() != null) {
        return target;
      }
    } catch (IllegalArgumentException e) {
      // Said below; the address may hold a signature.
    }
    throw ModelException.of(shown, "redirected to no address");
  }

  private HttpResponse<Void> await(URI address, DownloadBody body, String shown, long end)
      throws TransientFailure {
    HttpRequest request =
        HttpRequest.newBuilder(withoutFragment(address))
            .timeout(patience.silence())
            .header("User-Agent", "flink-image-embedding")
            .GET()
            .build();
    CompletableFuture<HttpResponse<Void>> answer =
        client.sendAsync(
            request,
            head ->
                head.statusCode() == 200
                    ? body.expecting(head.headers().firstValueAsLong("content-length").orElse(-1))
                    : DownloadBody.unread());
    try {
      while (true) {
        long now = System.nanoTime();
        long left = patience.silence().toNanos() - (now - body.lastNanos());
        if (now - end >= 0) {
          throw ModelException.of(
              shown,
              address.getHost()
                  + " takes longer than "
                  + patience.total().toSeconds()
                  + " s to send it");
        }
        // The request's own time-out is for the time before the body.
        if (left <= 0 && body.hasBegun()) {
          throw new TransientFailure("nothing more came from " + address.getHost(), null);
        }
        try {
          return answer.get(Math.min(Math.max(left, 100_000_000), end - now), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          LOG.debug("waiting for {}", address.getHost());
        }
      }
    } catch (InterruptedException e) {
      throw interrupted(shown, e);
    } catch (ExecutionException e) {
      throw failure(e.getCause(), address, body, shown);
    } finally {
      answer.cancel(true);
      body.cancel();
    }
  }

  private static TransientFailure failure(
      Throwable cause, URI address, DownloadBody body, String shown) {
    Throwable root = cause instanceof CompletionException ? cause.getCause() : cause;
    if (body.refusal() != null) {
      throw body.refusal();
    }
    if (root instanceof ModelException refused) {
      throw refused;
    }
    String host = address.getHost();
    if (root instanceof SSLException) {
      throw ModelException.of(
          shown, "no trusted connection to " + host + " (" + root.getMessage() + ")", root);
    }
    if (root instanceof IOException || root instanceof UnresolvedAddressException) {
      return new TransientFailure(host + " cannot be reached: " + said(root), root);
    }
    throw ModelException.of(shown, String.valueOf(root), root);
  }

  private static String said(Throwable cause) {
    for (Throwable at = cause; at != null; at = at.getCause()) {
      if (at instanceof UnresolvedAddressException || at instanceof UnknownHostException) {
        return "no such host";
      }
    }
    if (cause instanceof HttpConnectTimeoutException) {
      return "no connection in time";
    }
    if (cause instanceof HttpTimeoutException) {
      return "no answer in time";
    }
    if (cause instanceof ConnectException) {
      return "connection refused";
    }
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  private static ModelException interrupted(String shown, InterruptedException cause) {
    Thread.currentThread().interrupt();
    return ModelException.of(shown, "the download was interrupted", cause);
  }

  private static URI withoutFragment(URI address) {
    String text = address.toString();
    int hash = text.indexOf('#');
    return hash < 0 ? address : URI.create(text.substring(0, hash));
  }
}
