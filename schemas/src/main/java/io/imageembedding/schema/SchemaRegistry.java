// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;

/**
 * Client of a schema registry that speaks Confluent's REST interface (schema ids by {@code GET
 * /schemas/ids/ID}, registration by {@code POST /subjects/TOPIC-value/versions}).
 *
 * <p>What it has learnt it keeps, also that an id is unknown; both within bounds. A registry that
 * does not answer is asked three times; then {@link IOException} is thrown, so that the task fails
 * and is restarted and no message is blamed for it. Not thread-safe.
 */
public final class SchemaRegistry {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);
  private static final int ATTEMPTS = 3;
  private static final int MAX_ANSWER_BYTES = 1 << 20;
  private static final int MAX_NESTING = 200;
  private static final int MAX_KNOWN_IDS = 1000;
  private static final int MAX_UNKNOWN_IDS = 10_000;
  private static final Duration UNKNOWN_FOR = Duration.ofSeconds(30);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

  private final String url;
  private final String authorization;
  private final HttpClient client =
      HttpClient.newBuilder()
          .connectTimeout(CONNECT_TIMEOUT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();
  private final Map<Integer, Schema> known = bounded(MAX_KNOWN_IDS);
  private final Map<Integer, Long> unknownSince = bounded(MAX_UNKNOWN_IDS);

  /**
   * @param url http or https, without user information
   * @param credentials {@code user:password}, or null for none
   * @throws IllegalArgumentException if the address is not one
   */
  public SchemaRegistry(String url, String credentials) {
    this.url = requireAddress(url);
    this.authorization =
        credentials == null
            ? null
            : "Basic "
                + Base64.getEncoder()
                    .encodeToString(credentials.strip().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The address without a slash at its end.
   *
   * @throws IllegalArgumentException if it is not one of a registry
   */
  public static String requireAddress(String url) {
    URI uri;
    try {
      uri = URI.create(url);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("not an address: " + e.getMessage(), e);
    }
    if (uri.getHost() == null
        || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
      throw new IllegalArgumentException("not an http or https address");
    }
    if (uri.getUserInfo() != null) {
      throw new IllegalArgumentException("a user or password does not belong into the address");
    }
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }

  /**
   * The schema with the id, or nothing if the registry has none that can be used.
   *
   * @throws IOException if the registry does not answer
   */
  Optional<Schema> schema(int id) throws IOException {
    Schema schema = known.get(id);
    if (schema != null) {
      return Optional.of(schema);
    }
    Long since = unknownSince.get(id);
    if (since != null && System.nanoTime() - since < UNKNOWN_FOR.toNanos()) {
      return Optional.empty();
    }
    Optional<Schema> found =
        send(request("/schemas/ids/" + id).GET().build()).flatMap(SchemaRegistry::usable);
    found.ifPresentOrElse(s -> known.put(id, s), () -> unknownSince.put(id, System.nanoTime()));
    return found;
  }

  /**
   * Registers the schema for the values of the topic, or finds that it is registered.
   *
   * @return its id
   * @throws IOException if the registry does not answer, or refuses
   */
  int register(String topic, Schema schema) throws IOException {
    String body = JSON.createObjectNode().put("schema", schema.toString()).toString();
    String subject = URLEncoder.encode(topic + "-value", StandardCharsets.UTF_8);
    HttpRequest request =
        request("/subjects/" + subject + "/versions")
            .header("Content-Type", CONTENT_TYPE)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    JsonNode id = send(request).orElseThrow(() -> new IOException("no such subject")).get("id");
    if (id == null || !id.isInt()) {
      throw new IOException("schema registry " + url + " gave no id for " + schema.getFullName());
    }
    return id.intValue();
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + path))
            .timeout(ANSWER_TIMEOUT)
            .header("Accept", CONTENT_TYPE);
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    return request;
  }

  /** The answer's body, or nothing for 404. */
  private Optional<JsonNode> send(HttpRequest request) throws IOException {
    IOException last = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        HttpResponse<InputStream> response =
            client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        byte[] body;
        try (InputStream in = response.body()) {
          body = in.readNBytes(MAX_ANSWER_BYTES + 1);
        }
        int status = response.statusCode();
        if (status == 404) {
          return Optional.empty();
        }
        if (status == 200 && body.length <= MAX_ANSWER_BYTES) {
          return Optional.of(JSON.readTree(body));
        }
        last = new IOException("schema registry " + url + " answered " + status);
        if (status < 500) {
          throw last;
        }
      } catch (JsonProcessingException e) {
        throw new IOException("schema registry " + url + " answered no JSON", e);
      } catch (ConnectException | HttpTimeoutException e) {
        last = new IOException("schema registry " + url + " does not answer", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while asking the schema registry", e);
      }
    }
    throw last;
  }

  private static Optional<Schema> usable(JsonNode answer) {
    JsonNode text = answer.get("schema");
    String type = answer.path("schemaType").asText("AVRO");
    if (text == null || !text.isTextual() || !type.equals("AVRO") || answer.has("references")) {
      return Optional.empty();
    }
    try {
      requireShallow(text.asText());
      return Optional.of(new Schema.Parser().parse(text.asText()));
    } catch (AvroRuntimeException e) {
      return Optional.empty();
    }
  }

  private static void requireShallow(String schema) {
    int depth = 0;
    for (int i = 0; i < schema.length(); i++) {
      char c = schema.charAt(i);
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      if (depth > MAX_NESTING) {
        throw new AvroRuntimeException("nested deeper than " + MAX_NESTING);
      }
    }
  }

  private static <V> Map<Integer, V> bounded(int most) {
    return new LinkedHashMap<>() {
      private static final long serialVersionUID = 1L;

      @Override
      protected boolean removeEldestEntry(Map.Entry<Integer, V> eldest) {
        return size() > most;
      }
    };
  }
}
