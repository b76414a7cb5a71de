// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What ARCHITECTURE.md names is there: classes in their packages, modules, files. */
class ArchitectureDocumentTest {
  private static final Path PROJECT = JavaProcess.project();
  private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
  private static final Pattern QUALIFIED = Pattern.compile("([a-z]+\\.)+[A-Z]\\w+");
  private static final Pattern SIMPLE = Pattern.compile("[A-Z][a-z]+[A-Z]\\w+(Test)?");
  private static final Pattern FOLDER =
      Pattern.compile("(schemas|operators|jobs|src|deploy)/[\\w/.-]+");
  private static final Pattern LINK = Pattern.compile("]\\(([^)#]+)");

  private static Set<String> named(Pattern kind) throws IOException {
    return CODE.matcher(Files.readString(PROJECT.resolve("ARCHITECTURE.md")))
        .results()
        .map(match -> match.group(1))
        .filter(code -> kind.matcher(code).matches())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> sources(String below, String... endings) throws IOException {
    try (Stream<Path> files = Files.walk(PROJECT)) {
      return files
          .map(file -> PROJECT.relativize(file).toString().replace('\\', '/'))
          .filter(file -> file.contains(below) && Stream.of(endings).anyMatch(file::endsWith))
          .collect(Collectors.toSet());
    }
  }

  @Test
  void everyQualifiedClassIsInItsPackage() throws IOException {
    Set<String> main = sources("/src/main/java/", ".java");
    assertThat(named(QUALIFIED))
        .hasSizeGreaterThan(30)
        .allSatisfy(
            name ->
                assertThat(main)
                    .anyMatch(
                        file ->
                            file.endsWith(
                                "/java/io/imageembedding/" + name.replace('.', '/') + ".java")));
  }

  @Test
  void everyOtherClassIsSomewhere() throws IOException {
    Set<String> all = sources("/", ".java", ".avsc");
    assertThat(named(SIMPLE))
        .hasSizeGreaterThan(3)
        .allSatisfy(name -> assertThat(all).anyMatch(file -> file.contains("/" + name + ".")));
  }

  @Test
  void everyFileAndFolderIsThere() throws IOException {
    assertThat(named(FOLDER))
        .hasSizeGreaterThan(10)
        .allSatisfy(name -> assertThat(PROJECT.resolve(name)).exists());
    assertThat(LINK.matcher(Files.readString(PROJECT.resolve("ARCHITECTURE.md"))).results())
        .isNotEmpty()
        .allSatisfy(link -> assertThat(PROJECT.resolve(link.group(1))).exists());
  }

  @Test
  void everyModuleHasItsRow() throws IOException {
    String table = Files.readString(PROJECT.resolve("ARCHITECTURE.md"));
    Pattern module = Pattern.compile("<module>([^<]+)</module>");
    assertThat(module.matcher(Files.readString(PROJECT.resolve("pom.xml"))).results())
        .hasSizeGreaterThan(10)
        .allSatisfy(match -> assertThat(table).contains("`" + match.group(1) + "`"));
  }
}
