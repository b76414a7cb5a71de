// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.SourcePosition;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StoredVectorTest {

  @Test
  void versionsAreOrderedByTimeThenOffsetWithinAPartition() {
    List<Version> inOrder =
        List.of(
            new Version(SourcePosition.NO_TIMESTAMP, "b", 9, 9),
            new Version(1, "a", 0, 5),
            new Version(1, "a", 0, 6),
            new Version(1, "a", 1, 0),
            new Version(1, "b", 0, 0),
            // By UTF-8, not by UTF-16, in which the second would come first.
            new Version(1, "\uff5e", 0, 0),
            new Version(1, "\ud83d\ude00", 0, 0),
            new Version(2, "a", 0, 0));
    for (int i = 0; i < inOrder.size(); i++) {
      for (int j = 0; j < inOrder.size(); j++) {
        assertThat(Integer.signum(inOrder.get(i).compareTo(inOrder.get(j))))
            .isEqualTo(Integer.compare(i, j));
      }
    }
  }

  @Test
  void ofTheSameVersionADeletionIsTheNewest() {
    StoredVector one = TestingVectors.stored("a", new float[] {1}, Version.at(1));
    StoredVector other = TestingVectors.stored("a", new float[] {2}, Version.at(1));
    StoredVector tagged =
        TestingVectors.stored("a", new float[] {1}, Version.at(1), Map.of("k", "v"));
    assertThat(Stream.of(one, other, tagged).map(StoredVector::tieBreak).distinct()).hasSize(3);
    assertThat(Stream.of(one, other, tagged))
        .allMatch(v -> Change.BY_AGE.compare(v, new Deletion("a", Version.at(1))) < 0);
  }
}
