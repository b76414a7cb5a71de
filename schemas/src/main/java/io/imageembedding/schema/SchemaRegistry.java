// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.safety.BoundedCache;
import io.imageembedding.schema.RegistryCalls.Answer;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.Schema;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Client of a schema registry that speaks Confluent's REST interface (schema ids by {@code GET
 * /schemas/ids/ID}, registration by {@code POST /subjects/TOPIC-value/versions}).
 *
 * <p>What it has learnt it keeps, also for a while that an id is unknown; both within bounds. An
 * answer that says something of the id alone (404 and other 4xx, a schema that cannot be used)
 * makes it unknown: the message that names it is to blame. A registry that does not answer is asked
 * again for up to 30 s; then, and where it refuses everybody (401, 403, 407, 3xx), {@link
 * IOException} is thrown, so that the task fails and is restarted and no message is blamed. Not
 * thread-safe.
 */
@NullMarked
@PublicEvolving
public final class SchemaRegistry {
  private static final int MAX_KNOWN_IDS = 1000;
  private static final int MAX_UNKNOWN_IDS = 10_000;
  private static final Duration UNKNOWN_FOR = Duration.ofSeconds(30);
  private static final Set<Integer> REFUSED = Set.of(401, 403, 407);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

  private final String url;
  private final String authorization;
  private final RegistryCalls calls;
  private final BoundedCache<Integer, Schema> known = BoundedCache.ofEntries(MAX_KNOWN_IDS);
  private final BoundedCache<Integer, Long> unknownSince = BoundedCache.ofEntries(MAX_UNKNOWN_IDS);

  /**
   * @param url http or https, without user information
   * @param credentials {@code user:password}, or null for none
   * @throws IllegalArgumentException if the address is not one
   */
  public SchemaRegistry(String url, @Nullable String credentials) {
    this(url, credentials, RegistryCalls.Limits.DEFAULT);
  }

  SchemaRegistry(String url, @Nullable String credentials, RegistryCalls.Limits limits) {
    this.url = requireAddress(url);
    this.calls = new RegistryCalls(this.url, limits);
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
      uri = new URI(url);
    } catch (URISyntaxException e) {
      // Its message repeats the address, and with it what must not be shown.
      throw new IllegalArgumentException("not an address: " + e.getReason());
    }
    if (uri.getRawAuthority() != null && uri.getRawAuthority().contains("@")) {
      throw new IllegalArgumentException("a user or password does not belong into the address");
    }
    if (uri.getHost() == null
        || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
      throw new IllegalArgumentException("not an http or https address");
    }
    if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw new IllegalArgumentException("a query does not belong into the address");
    }
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }

  /**
   * Sees that the registry answers and takes the credentials.
   *
   * @throws IOException if it does not, or refuses
   */
  public void requireAnswer() throws IOException {
    Answer answer = calls.send(request("/schemas/types").GET().build());
    // Not every registry has this list.
    if (answer.status() != 404) {
      requireOk(answer);
    }
  }

  /**
   * The schema with the id, or nothing if the registry has none that can be used.
   *
   * @throws IOException if the registry does not answer
   */
  Optional<Schema> schema(int id) throws IOException {
    Optional<Schema> schema = known.get(id);
    if (schema.isPresent()) {
      return schema;
    }
    Optional<Long> since = unknownSince.get(id);
    if (since.isPresent() && System.nanoTime() - since.get() < UNKNOWN_FOR.toNanos()) {
      return Optional.empty();
    }
    Optional<Schema> found = id < 0 ? Optional.empty() : ask(id);
    found.ifPresentOrElse(s -> known.put(id, s), () -> unknownSince.put(id, System.nanoTime()));
    return found;
  }

  private Optional<Schema> ask(int id) throws IOException {
    Answer answer = calls.send(request("/schemas/ids/" + id).GET().build());
    if (answer.status() >= 400 && !REFUSED.contains(answer.status())) {
      return Optional.empty();
    }
    requireOk(answer);
    return answer.body().isEmpty() ? Optional.empty() : usable(json(answer.body().get()));
  }

  private void requireOk(Answer answer) throws IOException {
    if (answer.status() != 200) {
      throw new IOException("schema registry " + url + " answered " + answer.status());
    }
  }

  private JsonNode json(byte[] body) throws IOException {
    try {
      return JSON.readTree(body);
    } catch (IOException e) {
      throw new IOException("schema registry " + url + " answered no JSON", e);
    }
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
    Answer answer = calls.send(request);
    requireOk(answer);
    JsonNode id = json(answer.body().orElse(new byte[0])).path("id");
    if (!id.isInt()) {
      throw new IOException("schema registry " + url + " gave no id for " + schema.getFullName());
    }
    return id.intValue();
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + path)).header("Accept", CONTENT_TYPE);
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    return request;
  }

  private static Optional<Schema> usable(JsonNode answer) {
    JsonNode text = answer.path("schema");
    String type = answer.path("schemaType").asText("AVRO");
    if (!text.isTextual() || !type.equals("AVRO") || !answer.path("references").isEmpty()) {
      return Optional.empty();
    }
    return SchemaBounds.parse(text.asText());
  }
}
