// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the test data that is not part of the project lies: the system property or environment
 * variable {@code IMAGE_EMBEDDING_TEST_DATA}, else {@code ../shared/data} beside the project.
 */
public final class TestData {
  private TestData() {}

  /** The path below the test data; the calling test is skipped where it does not exist. */
  public static Path path(String relative) {
    Path path = root().resolve(relative);
    boolean there = Files.exists(path);
    if (!there && Boolean.parseBoolean(System.getenv("IMAGE_EMBEDDING_REQUIRE_TEST_DATA"))) {
      throw new AssertionError("test data is required but missing: " + path);
    }
    assumeTrue(there, "skipped: no test data at " + path);
    return path;
  }

  private static Path root() {
    String key = "IMAGE_EMBEDDING_TEST_DATA";
    String named = System.getProperty(key, System.getenv(key));
    return Path.of(named != null ? named : System.getProperty("image-embedding.test-data", "none"));
  }
}
