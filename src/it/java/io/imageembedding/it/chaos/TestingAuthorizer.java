// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;

/**
 * Kafka's own authorizer, which also writes down what one user asked for: a line for each right,
 * {@code ALLOWED WRITE TOPIC embeddings}. Asking which resources a user may see is no denial.
 */
public final class TestingAuthorizer extends StandardAuthorizer {
  /** Setting of the broker: where to write. */
  static final String FILE = "testing.authorizer.file";

  private final Set<String> written = ConcurrentHashMap.newKeySet();
  private Path file;

  @Override
  public void configure(Map<String, ?> settings) {
    super.configure(settings);
    file = Path.of(settings.get(FILE).toString());
  }

  @Override
  public List<AuthorizationResult> authorize(
      AuthorizableRequestContext request, List<Action> actions) {
    List<AuthorizationResult> results = super.authorize(request, actions);
    if (request.principal().getName().equals(TestBed.USER)) {
      for (int i = 0; i < actions.size(); i++) {
        write(actions.get(i), results.get(i));
      }
    }
    return results;
  }

  private void write(Action action, AuthorizationResult result) {
    if (result == AuthorizationResult.DENIED && !action.logIfDenied()) {
      return;
    }
    String line =
        String.join(
            " ",
            result.name(),
            action.operation().name(),
            action.resourcePattern().resourceType().name(),
            action.resourcePattern().name());
    if (written.add(line)) {
      try {
        Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
