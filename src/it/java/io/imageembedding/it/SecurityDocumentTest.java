// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What SECURITY.md names is there: tests, options of the job, and options of commands. */
class SecurityDocumentTest {
  private static final Path PROJECT = JavaProcess.project();
  private static final Pattern LINK = Pattern.compile("\\[([^\\]]+)]\\(([^)#]+)(#[^)]*)?\\)");
  private static final Pattern OPTION = Pattern.compile("`(image-embedding\\.[a-z0-9.-]+)`");
  private static final Pattern FLAG = Pattern.compile("`(--[a-z0-9-]+)`");

  private static String document() throws IOException {
    return Files.readString(PROJECT.resolve("SECURITY.md"));
  }

  private static Set<String> found(Pattern pattern, String text) {
    Set<String> found = new TreeSet<>();
    pattern.matcher(text).results().forEach(match -> found.add(match.group(1)));
    return found;
  }

  @Test
  void everyDefenceNamesItsTests() throws IOException {
    List<String> lines = document().lines().toList();
    int table = lines.indexOf("## What defends what") + 3;
    List<String> rows = lines.stream().skip(table).takeWhile(line -> line.startsWith("|")).toList();
    assertThat(rows).hasSizeGreaterThan(10);
    for (String row : rows) {
      List<MatchResult> links = LINK.matcher(row).results().toList();
      assertThat(links).as(row).isNotEmpty();
      for (MatchResult link : links) {
        Path file = PROJECT.resolve(link.group(2));
        assertThat(file).hasFileName(link.group(1) + ".java");
        assertThat(Files.readString(file)).containsPattern("@(Parameterized)?Test\\b");
      }
    }
  }

  @Test
  void everyLinkLeadsToAFileAndItsHeading() throws IOException {
    for (MatchResult link : LINK.matcher(document()).results().toList()) {
      Path file = PROJECT.resolve(link.group(2)).normalize();
      Path read = Files.isDirectory(file) ? file.resolve("README.md") : file;
      assertThat(read).exists();
      if (link.group(3) != null) {
        assertThat(Files.readString(read).lines().filter(line -> line.startsWith("#")))
            .anyMatch(
                line ->
                    line.replaceFirst("#+ ", "")
                        .toLowerCase(java.util.Locale.ROOT)
                        .replaceAll("[^a-z0-9 -]", "")
                        .replace(' ', '-')
                        .equals(link.group(3).substring(1)));
      }
    }
  }

  @Test
  void everyOptionIsOneOfTheJobs() throws IOException {
    assertThat(found(OPTION, document())).hasSizeGreaterThan(5);
    assertThat(found(OPTION, Files.readString(PROJECT.resolve("jobs/OPTIONS.md"))))
        .containsAll(found(OPTION, document()));
  }

  @Test
  void everyFlagIsOneOfACommand() throws IOException {
    StringBuilder commands = new StringBuilder();
    try (Stream<Path> files =
        Files.walk(PROJECT.resolve("jobs/cli/src/main/java/io/imageembedding/cli"))) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        commands.append(Files.readString(file));
      }
    }
    assertThat(found(FLAG, document()))
        .hasSizeGreaterThan(3)
        .allSatisfy(flag -> assertThat(commands.indexOf('"' + flag + '"')).isPositive());
  }
}
