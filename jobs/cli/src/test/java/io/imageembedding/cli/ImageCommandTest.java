// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.testing.ImageCases;
import io.imageembedding.testing.ImageCases.Case;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

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
