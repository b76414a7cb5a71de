// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that list kinds, held to the lists that there are. */
class KindsInTextsTest {

  private static String document(String name) throws IOException {
    return Files.readString(Path.of(System.getProperty("image-embedding.project"), name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"read", "replay", "index"})
  void everyWireFormatOfEmbeddingsAndNoOtherIsNamedInTheHelp(String command) {
    assertNamed(command, WireFormat.outputs());
  }

  @ParameterizedTest
  @ValueSource(strings = {"serve", "search"})
  void everyWireFormatOfImagesAndNoOtherIsNamedInTheHelp(String command) {
    assertNamed(command, WireFormat.inputs());
  }

  private static void assertNamed(String command, List<WireFormat> named) {
    String[] help =
        Embed.newCommandLine()
            .getSubcommands()
            .get(command)
            .getCommandSpec()
            .findOption("--format")
            .description();

    for (WireFormat format : WireFormat.values()) {
      Pattern word = Pattern.compile("(?<![\\w-])" + format.key() + "(?![\\w-])");
      assertThat(word.matcher(String.join(" ", help)).find())
          .as(format.key())
          .isEqualTo(named.contains(format));
    }
  }

  @Test
  void everyWireFormatIsNamedInTheReadme() throws IOException {
    for (WireFormat format : WireFormat.values()) {
      assertThat(document("README.md")).contains("`" + format.key() + "`");
    }
  }
}
