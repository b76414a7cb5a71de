// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.Stores;
import io.imageembedding.vectorstore.VectorStoreProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** Every kind of store is named wherever kinds are. */
class StoreChoiceTest {
  private static final Path PROJECT = Path.of(System.getProperty("image-embedding.project"));

  @Test
  void theHelpNamesTheKindsThatThereAre() {
    assertThat(StoreChoice.FORMS).isEqualTo(Stores.forms() + ".");
  }

  @Test
  void theReadmeNamesTheKindsThatThereAre() throws IOException {
    String readme = Files.readString(PROJECT.resolve("README.md"));
    assertThat(ServiceLoader.load(VectorStoreProvider.class))
        .hasSizeGreaterThanOrEqualTo(3)
        .allSatisfy(kind -> assertThat(readme).contains("| `" + kind.scheme() + ":"));
  }
}
