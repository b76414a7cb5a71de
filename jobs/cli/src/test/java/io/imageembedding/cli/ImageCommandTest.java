// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.testing.ImageCases;
import io.imageembedding.testing.ImageCases.Case;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageCommandTest {
  private static final int LONGEST_LINE = 600;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void oddAndHostileFilesAreAnsweredInALineEach() throws IOException {
    List<Case> cases = ImageCases.all();

    assertThat(embed(cases, "--json")).isEqualTo(1);
    List<String> lines = out.toString().lines().toList();
    assertThat(lines).hasSameSizeAs(cases);
    for (int i = 0; i < lines.size(); i++) {
      JsonNode answer = new ObjectMapper().readTree(lines.get(i));
      assertThat(answer.get("id").asText()).isEqualTo(cases.get(i).file().toString());
      JsonNode error = answer.get("error");
      cases
          .get(i)
          .check(
              error == null ? ImageCases.EMBEDDED : error.get("code").asText(),
              error == null ? "" : error.get("message").asText());
    }
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void peopleReadALineForEachFile() throws IOException {
    List<Case> cases = ImageCases.all();

    assertThat(embed(cases)).isEqualTo(1);
    assertThat(out.toString().lines())
        .hasSameSizeAs(cases)
        .allSatisfy(line -> assertThat(line).hasSizeLessThan(LONGEST_LINE));
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void aFolderIsEveryFileBelowItByThePathThatWasTypedAndSaysWhatMadeItsVectors(@TempDir Path folder)
      throws IOException {
    Path deep = Files.createDirectories(folder.resolve("photos/deep"));
    for (Path file : List.of(folder.resolve("photos/b.png"), deep.resolve("a.png"))) {
      ImageIO.write(new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB), "png", file.toFile());
    }
    Files.writeString(folder.resolve("photos/.hidden"), "x");
    String typed = folder + "/photos";

    assertThat(
            Embed.newCommandLine(new PrintWriter(out, true), new PrintWriter(err, true))
                .execute(
                    "image",
                    "--json",
                    "--jpeg-decoding",
                    "scaled",
                    "--model",
                    "untrained:mobilenet_v2_0.35_96",
                    typed))
        .as(err.toString())
        .isZero();

    List<JsonNode> answers = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      answers.add(new ObjectMapper().readTree(line));
    }
    assertThat(answers)
        .extracting(answer -> answer.get("id").asText())
        .containsExactly(typed + "/b.png", typed + "/deep/a.png");
    JsonNode model = answers.get(0).get("model");
    assertThat(answers.get(0).get("vectorSpace").asText())
        .isEqualTo(
            Provenance.of(
                    model.get("name").asText(),
                    model.get("sha256").asText(),
                    model.get("precision").asText(),
                    model.get("preprocessing").asText())
                .vectorSpace());
    assertThat(model.get("preprocessing").asText()).contains("/dct-scaled/");
  }

  @Test
  void aFolderWithoutFilesIsSaid(@TempDir Path folder) {
    assertThat(
            Embed.newCommandLine(new PrintWriter(out, true), new PrintWriter(err, true))
                .execute("image", folder.toString()))
        .isEqualTo(1);
    assertThat(err.toString().strip()).isEqualTo("embed: there is no file in " + folder);
  }

  private int embed(List<Case> cases, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "image", "--orientation", "apply", "--model", "untrained:mobilenet_v2_0.35_96"));
    arguments.addAll(List.of(options));
    cases.forEach(each -> arguments.add(each.file().toString()));
    return Embed.newCommandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments.toArray(String[]::new));
  }
}
