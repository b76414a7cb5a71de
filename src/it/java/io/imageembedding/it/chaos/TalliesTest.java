// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TalliesTest {
  private static final List<String> IDS = List.of("a", "b", "c");

  private final Tallies right = new Tallies();
  private final Tallies tallies = new Tallies();

  @BeforeEach
  void answerAllAsInAnUndisturbedRun() {
    for (Tallies each : List.of(right, tallies)) {
      each.addEmbedding("a", List.of(1f, 2f));
      each.addDeadLetter("b", "EMPTY");
    }
    right.addEmbedding("c", List.of(0f, 3f));
  }

  @Test
  void theSameAnswersAreRight() {
    tallies.addEmbedding("c", List.of(0f, 3f));

    assertThat(tallies.missing(IDS)).isEmpty();
    assertThat(tallies.repeated()).isEmpty();
    assertThat(tallies.differing(right.digests())).isEmpty();
    assertThat(tallies.codes()).isEqualTo(Map.of("EMPTY", 1));
  }

  @Test
  void anIdWithoutAnswerIsMissing() {
    assertThat(tallies.missing(IDS)).containsExactly("c");
  }

  @Test
  void aSecondAnswerIsFoundThoughItIsTheSame() {
    tallies.addEmbedding("a", List.of(1f, 2f));

    assertThat(tallies.repeated()).containsExactly("a");
    assertThat(tallies.differing(right.digests())).isEmpty();
  }

  @Test
  void aVectorThatDiffersByASignOfZeroIsFound() {
    tallies.addEmbedding("c", List.of(-0f, 3f));

    assertThat(tallies.differing(right.digests())).containsExactly("c");
  }

  @Test
  void aDeadLetterInThePlaceOfAnEmbeddingIsFound() {
    tallies.addDeadLetter("c", "CORRUPT");

    assertThat(tallies.differing(right.digests())).containsExactly("c");
  }

  @Test
  void anIdThatNobodyAskedForIsFound() {
    tallies.addEmbedding("d", List.of(1f));

    assertThat(tallies.differing(right.digests())).containsExactly("d");
  }
}
