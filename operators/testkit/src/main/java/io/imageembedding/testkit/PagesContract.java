// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TextOrder;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** All vectors are there in order, however they are asked for. */
abstract class PagesContract extends NewestWinsContract {

  @Test
  void aScanHasEveryVectorOnceInTheOrderOfIdsAcrossPages() {
    List<String> ids =
        new ArrayList<>(List.of("a", "a/", "B", "ü", "\uffee", "😀", "z\u0001", "~"));
    IntStream.range(0, 40).mapToObj(i -> "id-" + i).forEach(ids::add);
    Collections.shuffle(ids, new Random(3));
    Map<String, StoredVector> newest = new TreeMap<>(TextOrder.BY_BYTES);
    try (VectorStore store = writer()) {
      assertThat(store.scan(null, 10)).isEmpty();
      for (long round = 1; round <= 3; round++) {
        List<StoredVector> some = new ArrayList<>();
        for (String id : ids.subList(0, ids.size() / (int) round)) {
          some.add(stored(id, next(), Version.at(round)));
        }
        store.upsert(some);
        some.forEach(vector -> newest.put(vector.id(), vector));
        store.commit();
      }
      for (String deleted : List.of("id-3", "id-11", "~")) {
        store.delete(List.of(new Deletion(deleted, Version.at(9))));
        newest.remove(deleted);
      }
      store.commit();
      for (int page : new int[] {1, 7, newest.size(), 1000}) {
        assertThat(scan(store, page)).containsExactlyElementsOf(newest.values());
      }
      store.optimize();
      assertThat(scan(store, 10)).containsExactlyElementsOf(newest.values());
      assertThat(store.scan("id-2", 3))
          .extracting(StoredVector::id)
          .containsExactly("id-20", "id-21", "id-22");
      assertThat(store.scan("id-19999", 1)).extracting(StoredVector::id).containsExactly("id-2");
      assertThat(store.scan("😀", 5)).isEmpty();
      assertThat(store.scan(null, 0)).isEmpty();
    }
  }

  private static List<StoredVector> scan(VectorStore store, int most) {
    List<StoredVector> all = new ArrayList<>();
    List<StoredVector> page = store.scan(null, most);
    while (!page.isEmpty()) {
      assertThat(page).hasSizeLessThanOrEqualTo(most);
      all.addAll(page);
      page = page.size() < most ? List.of() : store.scan(page.get(page.size() - 1).id(), most);
    }
    return all;
  }

  @Test
  void theNewestAreThoseOfTheHighestVersionsNewestFirst() {
    Map<String, StoredVector> newest = new HashMap<>();
    Random random = new Random(4);
    try (VectorStore store = writer()) {
      assertThat(store.newest(10)).isEmpty();
      for (int offset = 0; offset < 200; offset++) {
        StoredVector vector =
            stored(
                "id-" + random.nextInt(80),
                next(),
                new Version(
                    random.nextInt(20) - 1,
                    "topic-" + random.nextInt(2),
                    random.nextInt(12),
                    offset));
        store.upsert(List.of(vector));
        newest.merge(vector.id(), vector, (a, b) -> Change.BY_AGE.compare(a, b) > 0 ? a : b);
        if (offset % 50 == 49) {
          store.commit();
        }
      }
      StoredVector first = Collections.max(newest.values(), Change.BY_AGE);
      store.delete(List.of(new Deletion(first.id(), Version.at(100))));
      newest.remove(first.id());
      store.commit();
      List<StoredVector> expected =
          newest.values().stream()
              .sorted(Comparator.comparing(StoredVector::version).reversed())
              .toList();
      assertThat(store.newest(1000)).isEqualTo(expected);
      for (int most : new int[] {0, 1, 10, expected.size()}) {
        assertThat(store.newest(most)).isEqualTo(expected.subList(0, most));
      }
    }
  }
}
