// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.it.JavaProcess.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipe of the images and the composition of containers are what their tools take. */
class ContainerFilesTest {
  private static final Path DEPLOY = JavaProcess.project().resolve("deploy");

  @TempDir Path folder;

  @Test
  void theRecipeHasNothingThatALinterFinds() throws Exception {
    Path recipe = DEPLOY.resolve("container/Dockerfile");

    assertThat(lint(recipe)).isEmpty();
    assertThat(lint(changed(recipe, "${FLINK_IMAGE} AS job", "flink AS job"))).contains("DL3006");
    assertThat(lint(changed(recipe, "USER 9999:9999", "USER root"))).contains("DL3002");
  }

  @Test
  void theCompositionIsOneByItsSpecification() throws Exception {
    Path composition = DEPLOY.resolve("compose.yaml");

    assertThat(validate(composition).exitCode()).isZero();
    Ended wrong = validate(changed(composition, "healthcheck:", "heathcheck:"));
    assertThat(wrong.exitCode()).isEqualTo(1);
    assertThat(String.join("\n", wrong.out())).contains("heathcheck");
  }

  @Test
  void secretsAreMadeOnce() throws Exception {
    Path script = DEPLOY.resolve("compose/make-secrets.sh");
    Path secrets = Files.createDirectory(folder.resolve("secrets"));
    // Only root may give files away.
    Path text = changed(script, "chown \"$2\" \"$file.new\"", ":");

    for (int i = 0; i < 2; i++) {
      Ended made = JavaProcess.run(folder, Map.of(), "bash", text.toString(), secrets.toString());
      assertThat(made.exitCode()).as(made.err()).isZero();
      if (i == 0) {
        Files.copy(secrets.resolve("page-token"), folder.resolve("first"));
      }
    }

    String token = Files.readString(secrets.resolve("page-token"));
    assertThat(token)
        .matches("[A-Za-z0-9]{32}\n")
        .isEqualTo(Files.readString(folder.resolve("first")));
    assertThat(Files.readString(secrets.resolve("postgres-password"))).isNotEqualTo(token);
    assertThat(secrets).isDirectoryNotContaining("glob:**.new");
  }

  private String lint(Path recipe) throws IOException, InterruptedException {
    Path hadolint = DeployTools.program("hadolint");
    Ended ended = JavaProcess.run(folder, Map.of(), hadolint.toString(), recipe.toString());
    return String.join("\n", ended.out()) + ended.err();
  }

  private Ended validate(Path composition) throws IOException, InterruptedException {
    return JavaProcess.run(
        folder,
        Map.of(),
        DeployTools.program("check-jsonschema").toString(),
        "--builtin-schema",
        "vendor.compose-spec",
        composition.toString());
  }

  private Path changed(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(from);
    return Files.writeString(
        Files.createTempFile(folder, "changed", file.getFileName().toString()),
        text.replace(from, to));
  }
}
