// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResultTest {
  private static final ImageInfo IMAGE = new ImageInfo("jpeg", 640, 427);
  private static final Provenance PROVENANCE = new Provenance("m", "ab", "fp32", "way", "cd");

  @Test
  void theScoresOfAClassifierStandBesideItsVectorBestFirst() throws IOException {
    Result answer =
        answer(new ClassScore("tabby, \"cat\"", 0.75f), new ClassScore("tiger cat", 0.125f));

    JsonNode json = new ObjectMapper().readTree(answer.json());
    assertThat(json.get("vector")).hasToString("[5.0,0.25]");
    assertThat(json.get("scores"))
        .hasToString(
            "[{\"label\":\"tabby, \\\"cat\\\"\",\"score\":0.75},"
                + "{\"label\":\"tiger cat\",\"score\":0.125}]");
  }

  @Test
  void aModelThatIsNoClassifierHasNoFieldOfScores() throws IOException {
    assertThat(new ObjectMapper().readTree(answer().json()).has("scores")).isFalse();
  }

  @Test
  void aPersonSeesTheClassesInPercentOrElseTheVectorsBeginning() {
    assertThat(answer(new ClassScore("tabby", 0.6125f), new ClassScore("tiger cat", 0.2f)).line())
        .isEqualTo("jpeg 640x427  tabby 61.3%, tiger cat 20.0%");
    assertThat(answer().line()).isEqualTo("jpeg 640x427  2 features: 5.0000 0.2500 ");
    assertThat(Result.of("a", new Refusal(Refusal.Stage.IMAGE, "EMPTY", "no bytes")).line())
        .isEqualTo("image EMPTY: no bytes");
  }

  private static Result answer(ClassScore... scores) {
    return Result.of(
        "a.jpg", new Embedding(new float[] {5, 0.25f}, IMAGE, PROVENANCE, List.of(scores)));
  }
}
