// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.apache.maven.model.Model;
import org.apache.maven.model.io.xpp3.MavenXpp3Reader;
import org.junit.jupiter.api.Test;

class BomTest {
  private static final Path PROJECT = JavaProcess.project();

  @Test
  void itHasEveryLibraryInTheVersionOfTheBuild() throws Exception {
    Model bom = read(PROJECT.resolve("operators/bom/pom.xml"));
    Model parent = read(PROJECT.resolve("pom.xml"));

    assertThat(bom.getVersion()).isEqualTo(parent.getVersion());
    assertThat(bom.getParent()).as("what it manages would be imported, too").isNull();
    assertThat(bom.getDependencyManagement().getDependencies())
        .allSatisfy(each -> assertThat(each.getVersion()).isEqualTo("${project.version}"))
        .extracting(each -> each.getArtifactId())
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(libraries(parent));
  }

  /** The modules whose jars users depend on; those of jobs are started. */
  private static Set<String> libraries(Model parent) throws Exception {
    Set<String> libraries = new HashSet<>();
    for (String module : parent.getModules()) {
      Model model = read(PROJECT.resolve(module).resolve("pom.xml"));
      boolean library = module.equals("schemas") || module.startsWith("operators/");
      if (library && model.getPackaging().equals("jar")) {
        libraries.add(model.getArtifactId());
      }
    }
    return libraries;
  }

  private static Model read(Path pom) throws Exception {
    try (InputStream in = Files.newInputStream(pom)) {
      return new MavenXpp3Reader().read(in);
    }
  }
}
