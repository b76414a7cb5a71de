// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.imageembedding.safety.FileTrees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 8, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MavenProjectITCase {
  private Path folder;

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createTempDirectory("image-embedding-example").toRealPath();
  }

  /** JUnit would name each of the links. */
  @AfterEach
  void deleteFolder() throws IOException {
    FileTrees.delete(folder);
  }

  @Test
  void aProjectOfItsOwnBuildsAndTestsAgainstTheInstalledLibraries() throws Exception {
    Path project = ExampleProject.build(folder);

    assertThat(project.resolve("target/surefire-reports/TEST-com.example.EmbedFilesTest.xml"))
        .content()
        .contains("everyFileIsAnswered")
        .doesNotContain("<skipped", "<failure", "<error");
    HouseRulesTest.EXAMPLES_USE_NOTHING_INTERNAL.check(
        new ClassFileImporter().importPath(project.resolve("target/classes")));
    try (JarFile jar = new JarFile(project.resolve(ExampleProject.JAR).toFile())) {
      Set<String> names =
          jar.stream().map(entry -> entry.getName()).collect(Collectors.toUnmodifiableSet());
      assertThat(names)
          .contains("com/example/EmbedFiles.class", "io/imageembedding/flink/ImageEmbedding.class")
          .noneMatch(name -> name.startsWith("org/apache/flink/"))
          .noneMatch(name -> name.startsWith("org/tensorflow/"));
      String decoders = "META-INF/services/javax.imageio.spi.ImageReaderSpi";
      assertThat(
              new String(
                  jar.getInputStream(jar.getEntry(decoders)).readAllBytes(),
                  StandardCharsets.UTF_8))
          .contains("webp", "tiff");
    }
  }
}
