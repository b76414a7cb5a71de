// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every promise of the README names the tests that hold it, and they are there. */
class PromisesTest {
  private static final Pattern LINK = Pattern.compile("\\[(\\w+)]\\(([^)]+)\\)");

  static Stream<String> promises() throws IOException {
    List<String> lines = Files.readAllLines(JavaProcess.project().resolve("README.md"));
    int table = lines.indexOf("## What it promises") + 3;
    List<String> rows =
        lines.subList(table, lines.size()).stream()
            .takeWhile(line -> line.startsWith("|"))
            .toList();
    assertThat(rows).hasSizeGreaterThan(5);
    return rows.stream();
  }

  @ParameterizedTest
  @MethodSource("promises")
  void isHeldByTestsThatAreThere(String promise) throws IOException {
    List<MatchResult> links = LINK.matcher(promise).results().toList();
    assertThat(links).as("links to tests").isNotEmpty();
    for (MatchResult link : links) {
      Path file = JavaProcess.project().resolve(link.group(2));
      assertThat(file).hasFileName(link.group(1) + ".java");
      assertThat(link.group(1)).matches("\\w+(Test|ITCase)");
      assertThat(Files.readString(file)).containsPattern("@(Parameterized)?Test\\b");
    }
  }
}
