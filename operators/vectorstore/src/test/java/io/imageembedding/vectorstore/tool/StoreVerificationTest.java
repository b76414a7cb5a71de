// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.tool;

import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreVerificationTest {
  private static final int COUNT = 200;

  private TestingLies store;

  @BeforeEach
  void newStore(@TempDir Path folder) {
    store =
        new TestingLies(VectorStore.open("lucene:" + folder.resolve("lies"), OpenMode.write(0)));
    store.upsert(
        IntStream.range(0, COUNT)
            .mapToObj(
                i ->
                    stored(
                        "id-" + i,
                        new float[] {(float) Math.cos(i / 40.0), (float) Math.sin(i / 40.0)},
                        Version.at(i)))
            .toList());
    store.commit();
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  private StoreVerification verify() {
    return StoreVerification.of(store, 50, 0.95, read -> {});
  }

  @Test
  void aSoundStoreHasNoFaults() {
    List<Long> progress = new ArrayList<>();
    StoreVerification found = StoreVerification.of(store, 50, 1, progress::add);

    assertThat(found.faults()).isEmpty();
    assertThat(found.count()).isEqualTo(COUNT);
    assertThat(found.scanned()).isEqualTo(COUNT);
    assertThat(found.unusable()).isZero();
    assertThat(found.sampled()).isEqualTo(50);
    assertThat(found.recall()).hasValue(1);
    assertThat(progress).containsExactly((long) COUNT, 2L * COUNT);
  }

  @Test
  void theRecallOfALuceneStoreIsThatOfItsIndex(@TempDir Path folder) {
    TestingVectors vectors = new TestingVectors(256, 6);
    String address = "lucene:" + folder.resolve("store") + "?ef-search=10";
    try (VectorStore lucene = VectorStore.open(address, OpenMode.write(0))) {
      for (int batch = 0; batch < 30; batch++) {
        int from = batch * 100;
        lucene.upsert(
            IntStream.range(from, from + 100)
                .mapToObj(i -> stored("id-" + i, vectors.next(), Version.at(i)))
                .toList());
      }
      lucene.commit();
    }
    double narrow = recall(address);
    double wide = recall(address.replace("ef-search=10", "ef-search=500"));

    assertThat(narrow).isBetween(0.5, wide);
    assertThat(wide).isBetween(0.98, 1.0);
    assertThat(narrow).isLessThan(wide);
  }

  private static double recall(String address) {
    try (VectorStore store = VectorStore.open(address, OpenMode.read())) {
      return StoreVerification.of(store, 100, 0, read -> {}).recall().orElseThrow();
    }
  }

  @Test
  void vectorsThatAreNoNumbersOrHaveNoDirectionAreFaults() {
    store.put(stored("id-7", new float[] {1, Float.NaN}, Version.at(7)));
    store.put(stored("id-8", new float[] {0, 0}, Version.at(8)));
    store.put(stored("id-9", new float[] {1, 2, 3}, Version.at(9)));

    StoreVerification found = verify();
    assertThat(found.unusable()).isEqualTo(3);
    assertThat(found.faults())
        .containsExactly(
            "3 of 200 vectors cannot be searched for; the first: id-7: feature 1 is NaN");
    assertThat(found.recall()).hasValue(1);
  }

  @Test
  void aCountThatIsWrongIsAFault() {
    store.countedMore = 2;
    assertThat(verify().faults()).containsExactly("it says that it has 202 vectors, but has 200");
  }

  @Test
  void anIdThatIsThereTwiceIsAFault() {
    store.scanned.add(stored("id-99", new float[] {1, 1}, Version.at(1)));
    assertThat(verify().faults())
        .containsExactly(
            "it says that it has 200 vectors, but has 201", "the id 'id-99' comes after 'id-99'");
  }

  @Test
  void searchesThatDoNotFindTheNearestAreAFault() {
    store.searchBlindness = 3;
    StoreVerification found = verify();
    assertThat(found.recall()).hasValue(0.7);
    assertThat(found.faults())
        .startsWith("recall@10 is 0.7000; needed: 0.95")
        .hasSize(2)
        .last()
        .asString()
        .startsWith("recall@10 with a filter is 0.");
  }

  @Test
  void searchesThatFindNothingWithAFilterAreAFault() {
    assertThat(verify().filteredRecall()).hasValue(1);
    store.filterBlind = true;
    StoreVerification found = verify();
    assertThat(found.recall()).hasValue(1);
    assertThat(found.filteredRecall()).hasValue(0);
    assertThat(found.faults()).containsExactly("recall@10 with a filter is 0.0000; needed: 0.95");
  }

  @Test
  void filtersAreThoseThatSomeVectorsMeetAndNotThoseThatTellEachApart() {
    FilterSample sample = new FilterSample();
    int all = 3000;
    for (int i = 0; i < all; i++) {
      sample.add(
          stored(
              "id-" + i,
              new float[] {1, 1},
              Version.at(1),
              Map.of(
                  "name",
                  "n" + i,
                  "shop",
                  i % 100 == 0 ? "b" : "a",
                  "same",
                  "x",
                  "uri",
                  "u" + i,
                  "rare",
                  i < 3 ? "yes" : "no")));
    }
    assertThat(sample.choose(all, 10))
        .containsExactly(
            new Filter(Map.of("shop", "b")),
            new Filter(Map.of("shop", "a")),
            new Filter(Map.of("rare", "no")));
  }

  @Test
  void anEmptyStoreIsSound(@TempDir Path folder) {
    try (VectorStore empty =
        VectorStore.open("lucene:" + folder.resolve("store"), OpenMode.write(0))) {
      StoreVerification found = StoreVerification.of(empty, 10, 0.95, read -> {});
      assertThat(found.faults()).isEmpty();
      assertThat(found.recall()).isEmpty();
    }
  }
}
