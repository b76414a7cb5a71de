// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.bench.section.Section;
import io.imageembedding.bench.section.Sections;
import io.imageembedding.bench.worker.Python;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Every measurement runs, so that none rots; rivals whose vectors are not ours end the run. */
class SmokeTest {

  @Test
  void everySectionGivesFigures(@TempDir Path folder) throws Exception {
    Path json = folder.resolve("figures.json");
    Path results = folder.resolve("RESULTS.md");
    int exit =
        new CommandLine(new Bench())
            .execute("--smoke", "--json", json.toString(), "--results", results.toString());
    assertThat(exit).isZero();
    JsonNode rows = new ObjectMapper().readTree(json.toFile());
    for (Section section : Sections.ALL) {
      assertThat(rows)
          .anySatisfy(row -> assertThat(row.get("name").asText()).startsWith(section.name()));
    }
    assertThat(rows)
        .allSatisfy(
            row -> {
              assertThat(row.get("value").asDouble()).isPositive().isFinite();
              if (!row.get("against").isNull()) {
                assertThat(row.get("ratio").asDouble()).isPositive().isFinite();
              }
            });
    if (Python.present()) {
      assertThat(rows)
          .extracting(row -> row.get("against").asText())
          .contains("OpenVINO, throughput hint", "Beam RunInference, from Python");
    }
    assertThat(results).content().contains("## Machine", "## Method", "| `end-to-end` |");
  }
}
