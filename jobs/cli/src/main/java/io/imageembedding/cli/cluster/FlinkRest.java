// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.kafka.FailureDescription;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.runtime.net.SSLUtils;
import org.apache.flink.shaded.netty4.io.netty.handler.ssl.ClientAuth;
import org.apache.flink.shaded.netty4.io.netty.handler.ssl.JdkSslContext;
import org.apache.flink.shaded.netty4.io.netty.handler.ssl.SslProvider;
import org.apache.flink.util.ExceptionUtils;

/**
 * Asks a cluster's REST interface. Whoever answers is not trusted: an answer has {@value
 * #MAX_BYTES} bytes and a time, whatever comes of them, and nothing but JSON is taken.
 */
@Internal
public final class FlinkRest {

  /** A job's plan and the names of its metrics take some hundred thousand. */
  static final int MAX_BYTES = 4 << 20;

  private static final int MAX_SHOWN = 200;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final RestAddress address;
  private final Duration limit;
  private final HttpClient client;
  private long end = Long.MAX_VALUE;
  private final ExecutorService asking =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "ask " + FlinkRest.class.getSimpleName());
            thread.setDaemon(true);
            return thread;
          });

  /**
   * @param limit of the time that an answer takes, from the first byte of the question to the last
   *     of the answer
   * @param flink options of Flink, for {@code security.ssl.rest}
   */
  public FlinkRest(RestAddress address, Duration limit, Configuration flink) {
    this.address = address;
    this.limit = limit;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(limit);
    if (address.isTls() && flink.contains(SecurityOptions.SSL_REST_TRUSTSTORE)) {
      builder.sslContext(trusted(flink));
    }
    client = builder.build();
  }

  private static SSLContext trusted(Configuration flink) {
    Configuration rest = new Configuration(flink).set(SecurityOptions.SSL_REST_ENABLED, true);
    ClientAuth client =
        SecurityOptions.isRestSSLAuthenticationEnabled(rest) ? ClientAuth.REQUIRE : ClientAuth.NONE;
    try {
      return ((JdkSslContext)
              SSLUtils.createRestNettySSLContext(rest, true, client, SslProvider.JDK))
          .context();
    } catch (Exception e) {
      throw new IllegalArgumentException(
          "security.ssl.rest of the configuration cannot be used: " + FailureDescription.of(e), e);
    }
  }

  /** What is asked from here on takes at most so long in all. */
  void begin(Duration longest) {
    end = System.nanoTime() + longest.toNanos();
  }

  /** Host and port. */
  public String address() {
    return address.shown();
  }

  /**
   * What Flink answers.
   *
   * @param path with a slash before it
   * @throws RestFailure if it does not, or not in time, or something else answers
   */
  public JsonNode get(String path) throws RestFailure, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address.base() + path))
            .header("Accept", "application/json")
            .timeout(limit)
            .GET()
            .build();
    if (end != Long.MAX_VALUE && System.nanoTime() - end > 0) {
      throw new RestFailure(address() + " takes too long to say how the job is", 0);
    }
    Future<Answer> answer = asking.submit(() -> ask(request));
    try {
      return json(path, answer.get(limit.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      throw new RestFailure(noAnswer(), e);
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } finally {
      answer.cancel(true);
    }
  }

  /**
   * @param bytes those of the body; null where there are too many
   */
  private record Answer(int status, String location, byte[] bytes) {}

  private Answer ask(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      byte[] bytes = body.readNBytes(MAX_BYTES + 1);
      return new Answer(
          response.statusCode(),
          response.headers().firstValue("Location").orElse(null),
          bytes.length > MAX_BYTES ? null : bytes);
    }
  }

  private JsonNode json(String path, Answer answer) throws RestFailure {
    if (answer.bytes() == null) {
      throw new RestFailure(
          address() + " answers with more than " + (MAX_BYTES >> 20) + " MiB; is it Flink?", 0);
    }
    JsonNode json = null;
    try {
      json = JSON.readTree(answer.bytes());
    } catch (JsonProcessingException e) {
      // Said below.
    } catch (IOException e) {
      throw failure(e);
    }
    if (answer.status() == 200 && json != null && json.isContainerNode()) {
      return json;
    }
    String errors = json == null ? "" : json.path("errors").path(0).asText("");
    if (!errors.isBlank()) {
      String first = errors.lines().findFirst().orElse("");
      throw new RestFailure(
          address() + " answers " + answer.status() + " to " + path + ": " + shown(first),
          answer.status());
    }
    throw new RestFailure(address() + " answers, " + notFlink(answer), 0);
  }

  private static String notFlink(Answer answer) {
    int status = answer.status();
    if (status == 401 || status == 403 || status == 407) {
      return "but asks for a login (" + status + "), which Flink's REST interface has none of";
    }
    if (status >= 300 && status < 400 && answer.location() != null) {
      return "but sends elsewhere (" + status + "): " + shown(answer.location());
    }
    boolean page =
        new String(answer.bytes(), StandardCharsets.ISO_8859_1).stripLeading().startsWith("<");
    return "but not as Flink's REST interface does (" + status + (page ? ", a page)" : ")");
  }

  private RestFailure failure(Throwable failure) {
    if (failure instanceof HttpTimeoutException) {
      return new RestFailure(noAnswer(), failure);
    }
    if (failure instanceof ConnectException) {
      boolean unknown =
          ExceptionUtils.findThrowable(failure, UnresolvedAddressException.class).isPresent();
      return new RestFailure(
          unknown
              ? "the host of " + address() + " is not known"
              : "nothing listens at " + address(),
          failure);
    }
    String why = shown(FailureDescription.of(failure));
    return new RestFailure(
        failure instanceof SSLException
            ? address() + " cannot be spoken to by TLS: " + why
            : address() + " does not answer as Flink's REST interface does: " + why,
        failure);
  }

  private String noAnswer() {
    return "no answer from " + address() + " within " + limit.toMillis() / 1000.0 + " s";
  }

  private static String shown(String text) {
    String line = FailureDescription.line(text);
    return line.length() <= MAX_SHOWN ? line : line.substring(0, MAX_SHOWN) + "…";
  }
}
