// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that list kinds, held to the lists that there are. */
class KindsInTextsTest {

  private static String document(String name) throws IOException {
    return Files.readString(Path.of(System.getProperty("image-embedding.project"), name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"read", "replay", "index", "serve", "search"})
  void everyWireFormatIsNamedInTheHelp(String command) {
    String[] help =
        Embed.newCommandLine()
            .getSubcommands()
            .get(command)
            .getCommandSpec()
            .findOption("--format")
            .description();

    for (WireFormat format : WireFormat.values()) {
      assertThat(String.join(" ", help)).containsPattern("\\b" + format.key() + "\\b");
    }
  }

  @Test
  void everyWireFormatIsNamedInTheReadme() throws IOException {
    for (WireFormat format : WireFormat.values()) {
      assertThat(document("README.md")).contains("`" + format.key() + "`");
    }
  }
}
