// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.imageembedding.embedding.ClassScore;
import io.imageembedding.model.ClassLabels;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopClassesTest {

  @Test
  void theBestComeFirstAndOfEqualOnesTheEarlier() {
    assertThat(top(3, false, 0.125f, 0.25f, 0.25f, 0.0625f, 0.25f))
        .containsExactly(score(1, 0.25f), score(2, 0.25f), score(4, 0.25f));
    assertThat(top(4, false, 0.25f, 0.125f, 0.25f, 0.375f))
        .containsExactly(score(3, 0.375f), score(0, 0.25f), score(2, 0.25f), score(1, 0.125f));
  }

  @Test
  void noMoreThanThereAreClasses() {
    assertThat(top(1000, false, 0.25f, 0.75f)).containsExactly(score(1, 0.75f), score(0, 0.25f));
  }

  @Test
  void theSelectionIsThatOfSortingEverything() {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      float[] vector = new float[1 + random.nextInt(60)];
      for (int i = 0; i < vector.length; i++) {
        vector[i] = random.nextInt(20) - 10;
      }
      int count = 1 + random.nextInt(70);

      assertThat(top(count, true, vector))
          .extracting(ClassScore::label)
          .containsExactlyElementsOf(
              IntStream.range(0, vector.length)
                  .boxed()
                  .sorted(Comparator.comparing((Integer i) -> -vector[i]))
                  .limit(count)
                  .map(i -> "class " + i)
                  .toList());
    }
  }

  @Test
  void logitsBecomeTheirSoftmax() {
    List<ClassScore> scores = top(3, true, 1, 3, 2);

    double sum = Math.exp(1) + Math.exp(3) + Math.exp(2);
    assertThat(scores)
        .extracting(ClassScore::label)
        .containsExactly("class 1", "class 2", "class 0");
    assertThat(scores.get(0).score()).isCloseTo((float) (Math.exp(3) / sum), within(1e-7f));
    assertThat(scores.get(2).score()).isCloseTo((float) (Math.exp(1) / sum), within(1e-7f));
  }

  @Test
  void greatLogitsDoNotOverflow() {
    assertThat(top(3, true, 3e38f, 3e38f, -3e38f))
        .containsExactly(score(0, 0.5f), score(1, 0.5f), score(2, 0f));
    assertThat(top(1, true, -3e38f, -3e38f)).containsExactly(score(0, 0.5f));
  }

  private static ClassScore score(int index, float score) {
    return new ClassScore("class " + index, score);
  }

  private static List<ClassScore> top(int count, boolean logits, float... vector) {
    List<String> labels = IntStream.range(0, vector.length).mapToObj(i -> "class " + i).toList();
    return new TopClasses(new ClassLabels(labels, logits), count).of(vector);
  }
}
