// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.maven.model.Model;
import org.apache.maven.model.Plugin;
import org.junit.jupiter.api.Test;

/** What the README says of a project of one's own is {@code deploy/examples/maven-project}. */
class MavenProjectTest {

  @Test
  void theReadmeShowsItsCodeAndItsDependencies() throws Exception {
    String readme = Files.readString(JavaProcess.project().resolve("README.md"));
    String code =
        Files.readString(
            ExampleProject.SOURCE.resolve("src/main/java/com/example/EmbedFiles.java"));
    String pom = Files.readString(ExampleProject.SOURCE.resolve("pom.xml"));
    String dependencies =
        pom.substring(
                pom.indexOf("  <dependencyManagement>"),
                pom.indexOf("</dependencies>\n\n  <build>") + "</dependencies>".length())
            .lines()
            .map(line -> line.replaceFirst("^ {2}", ""))
            .collect(Collectors.joining("\n"));

    assertThat(readme).contains(code.substring(code.indexOf("import ")).strip());
    assertThat(readme).contains(dependencies);
  }

  @Test
  void itsVersionsAreThoseOfTheBuild() throws Exception {
    Model parent = ExampleProject.model(JavaProcess.project().resolve("pom.xml"));
    Model example = ExampleProject.model(ExampleProject.SOURCE.resolve("pom.xml"));
    Properties ours = parent.getProperties();
    Map<String, String> plugins = new HashMap<>();
    for (Plugin plugin : parent.getBuild().getPluginManagement().getPlugins()) {
      plugins.put(plugin.getArtifactId(), plugin.getVersion());
    }
    for (Plugin plugin : parent.getBuild().getPlugins()) {
      if (plugin.getVersion() != null) {
        plugins.put(plugin.getArtifactId(), plugin.getVersion());
      }
    }

    example
        .getProperties()
        .forEach(
            (name, value) ->
                assertThat(value)
                    .as("property %s", name)
                    .isEqualTo(
                        name.equals("embedding.version")
                            ? parent.getVersion()
                            : ours.getProperty((String) name)));
    for (Plugin plugin : example.getBuild().getPlugins()) {
      assertThat(plugin.getVersion())
          .as(plugin.getArtifactId())
          .isEqualTo(plugins.get(plugin.getArtifactId()));
    }
  }
}
