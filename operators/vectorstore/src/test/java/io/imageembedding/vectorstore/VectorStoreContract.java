// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static io.imageembedding.vectorstore.TestingVectors.OTHER_SPACE;
import static io.imageembedding.vectorstore.TestingVectors.SPACE;
import static io.imageembedding.vectorstore.TestingVectors.cosine;
import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.vectorstore.RefusedChange.Reason;
import io.imageembedding.vectorstore.tool.StoreVerification;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What every kind of store has to do. */
public abstract class VectorStoreContract extends NewestWinsContract {
  private static final int DIMENSION = 16;

  private final TestingVectors vectors = new TestingVectors(DIMENSION, 1);

  @Test
  void whatWasWrittenIsFoundBitForBitAndDescribed() {
    StoredVector full =
        new StoredVector(
            "a/ü 😀\"'\\",
            vectors.next(),
            SPACE,
            new Version(17, "images", 3, 42),
            new ImageMetadata(
                new ImageInfo("png", 3, 4),
                null,
                1_700_000_000_000L,
                Map.of("k=1", "v\n\"", "", "empty")));
    try (VectorStore store = writer()) {
      assertThat(store.describe().collection()).isEmpty();
      assertThat(store.search(full.vector(), 3, Filter.NONE)).isEmpty();
      assertThat(store.upsert(List.of(full))).isEqualTo(new WriteResult(1, 0, List.of()));
      store.commit();
    }
    try (VectorStore store = VectorStore.open(address(), OpenMode.read())) {
      assertThat(store.get(full.id())).contains(full);
      assertThat(store.get("b")).isEmpty();
      Hit hit = store.search(full.vector(), 3, Filter.NONE).get(0);
      assertThat(hit.id()).isEqualTo(full.id());
      assertThat(hit.score()).isCloseTo(1, within(1e-6f));
      assertThat(hit.version()).isEqualTo(full.version());
      assertThat(hit.image()).isEqualTo(full.image());
      StoreDescription description = store.describe();
      assertThat(description.store()).isEqualTo(name());
      assertThat(description.count()).isEqualTo(1);
      assertThat(description.collection()).contains(collection(DIMENSION, SPACE));
    }
  }

  @Test
  void searchIsByCosineNearestFirstAndOnlyWhereTheFilterHolds() {
    List<StoredVector> all =
        IntStream.range(0, 300)
            .mapToObj(
                i ->
                    stored(
                        "id-" + i,
                        vectors.next(),
                        new Version(i, "images", i % 2, i),
                        Map.of("colour", i % 3 == 0 ? "red" : "blue", "long", "x".repeat(i * 20))))
            .toList();
    try (VectorStore store = writer()) {
      store.upsert(all);
      store.commit();
      float[] target = vectors.next();
      assertSame(store.search(target, 10, Filter.NONE), all, target);
      assertSame(
          store.search(target, 10, Filter.parse(List.of("colour=red", "partition=1"))),
          all.stream()
              .filter(v -> v.image().attributes().get("colour").equals("red"))
              .filter(v -> v.version().partition() == 1)
              .toList(),
          target);
      assertThat(store.search(target, 10, new Filter(Map.of("long", "x".repeat(200 * 20)))))
          .extracting(Hit::id)
          .containsExactly("id-200");
      assertThat(store.search(target, 10, Filter.parse(List.of("uri=file:/images/id-7.jpg"))))
          .extracting(Hit::id)
          .containsExactly("id-7");
      assertThat(store.search(target, 10, Filter.parse(List.of("format=png")))).isEmpty();
      assertThat(store.search(target, 1000, Filter.NONE)).hasSize(300);
    }
  }

  @Test
  void fewThatMatchAFilterAreFoundThoughTheyAreFarAway() {
    List<StoredVector> all = new ArrayList<>();
    for (int i = 0; i < 1500; i++) {
      boolean tenant = i % 50 == 0;
      float[] vector = vectors.next();
      for (int j = 0; j < vector.length; j++) {
        vector[j] = (tenant ? -1 : 1) * (vector[j] + 0.5f);
      }
      all.add(stored("id-" + i, vector, Version.at(i), Map.of("shop", tenant ? "few" : "many")));
    }
    try (VectorStore store = writer()) {
      for (int from = 0; from < all.size(); from += 500) {
        store.upsert(all.subList(from, from + 500));
      }
      store.commit();
      store.optimize();
      float[] target = all.get(1).vector();
      Filter few = Filter.parse(List.of("shop=few"));
      assertSame(
          store.search(target, 10, few), all.stream().filter(v -> few.holds(v)).toList(), target);
      assertThat(store.search(target, 100, few)).hasSize(30);
      StoreVerification found = StoreVerification.of(store, 30, 0.95, read -> {});
      assertThat(found.faults()).isEmpty();
      assertThat(found.filteredRecall()).isPresent();
    }
  }

  private static void assertSame(List<Hit> hits, List<StoredVector> all, float[] target) {
    List<StoredVector> nearest =
        all.stream()
            .sorted(Comparator.comparingDouble(v -> -cosine(v.vector(), target)))
            .limit(10)
            .toList();
    assertThat(hits).extracting(Hit::id).isEqualTo(nearest.stream().map(StoredVector::id).toList());
    for (int i = 0; i < hits.size(); i++) {
      assertThat((double) hits.get(i).score())
          .isCloseTo(cosine(nearest.get(i).vector(), target), within(1e-5));
    }
  }

  @Test
  void whatDoesNotBelongIsRefusedByReasonAndTheRestIsWritten() {
    float[] infinite = vectors.next();
    infinite[3] = Float.POSITIVE_INFINITY;
    float[] nan = vectors.next();
    nan[0] = Float.NaN;
    float[] huge = new float[DIMENSION];
    huge[0] = 1e30f;
    float[] tiny = new float[DIMENSION];
    tiny[0] = 1e-30f;
    Version one = Version.at(1);
    List<Change> changes =
        List.of(
            stored("first", vectors.next(), one),
            new StoredVector("space", vectors.next(), OTHER_SPACE, one, image(Map.of())),
            stored("short", new float[] {1, 2}, one),
            stored("nan", nan, one),
            stored("infinite", infinite, one),
            stored("huge", huge, one),
            stored("zero", new float[DIMENSION], one),
            stored("tiny", tiny, one),
            stored("", vectors.next(), one),
            stored("nul\0", vectors.next(), one),
            stored("half \ud83d", vectors.next(), one),
            stored("i".repeat(ChangeBatch.MAX_ID_BYTES + 1), vectors.next(), one),
            stored("metadata", vectors.next(), one, Map.of("k", "\0")),
            stored("large", vectors.next(), one, Map.of("k", "v".repeat(1 << 20))),
            new Deletion("", one),
            stored("i".repeat(ChangeBatch.MAX_ID_BYTES), vectors.next(), one),
            stored("last", vectors.next(), one));
    try (VectorStore store = writer()) {
      WriteResult result = store.write(changes);
      assertThat(result.written()).isEqualTo(3);
      assertThat(result.refused())
          .extracting(RefusedChange::reason)
          .containsExactly(
              Reason.OTHER_SPACE,
              Reason.WRONG_LENGTH,
              Reason.NOT_FINITE,
              Reason.NOT_FINITE,
              Reason.NOT_FINITE,
              Reason.ZERO_NORM,
              Reason.ZERO_NORM,
              Reason.UNUSABLE_ID,
              Reason.UNUSABLE_ID,
              Reason.UNUSABLE_ID,
              Reason.UNUSABLE_ID,
              Reason.UNUSABLE_METADATA,
              Reason.UNUSABLE_METADATA,
              Reason.UNUSABLE_ID);
      assertThat(result.refused()).extracting(RefusedChange::index).startsWith(1, 2, 3);
      assertThat(result.refused()).extracting(RefusedChange::message).noneMatch(String::isBlank);
      store.commit();
      assertThat(store.describe().count()).isEqualTo(3);
    }
  }

  private static ImageMetadata image(Map<String, String> attributes) {
    return new ImageMetadata(new ImageInfo("jpeg", 1, 1), null, null, attributes);
  }

  @Test
  void aStoreOfAnotherModelOrDimensionIsRefusedAtOpenByNamingBoth() {
    OpenMode mode = OpenMode.write(0);
    VectorStore.open(address(), mode.expecting(collection(DIMENSION, SPACE))).close();
    VectorStore.open(address(), mode.expecting(collection(DIMENSION, SPACE))).close();
    Stream.of(collection(DIMENSION, OTHER_SPACE), collection(DIMENSION + 1, SPACE))
        .forEach(
            other ->
                assertThatExceptionOfType(StoreException.class)
                    .isThrownBy(() -> VectorStore.open(address(), mode.expecting(other)))
                    .withMessageContaining(name())
                    .withMessageContaining(collection(DIMENSION, SPACE).summary())
                    .withMessageContaining(other.summary()));
  }

  @Test
  void whatCannotBeSearchedForIsAnError() {
    try (VectorStore store = writer()) {
      store.upsert(List.of(stored("a", vectors.next(), Version.at(1))));
      store.commit();
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> store.search(new float[3], 1, Filter.NONE))
          .withMessageContaining("has 3 features, those of the store have 16");
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> store.search(new float[DIMENSION], 1, Filter.NONE))
          .withMessageContaining("no direction");
    }
  }

  @Test
  void anUnknownMetricOrOptionIsAnError() {
    String sign = address().contains("?") ? "&" : "?";
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(address() + sign + "metric=l2", OpenMode.read()))
        .withMessage("metric 'l2' is not known; known: cosine");
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> VectorStore.open(address() + sign + "ef=3", OpenMode.read()))
        .withMessageContaining("no option 'ef'; there are");
  }

  @Test
  void aStoreForNothingYetTakesNoDeletionAlone() {
    try (VectorStore store = writer()) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> store.delete(List.of(new Deletion("a", Version.at(1)))))
          .withMessageContaining("nothing says yet which vectors");
    }
  }

  @Test
  void aNewStoreIsNotMadeForAVectorThatIsRefused() {
    try (VectorStore store = writer()) {
      WriteResult result =
          store.write(
              List.of(
                  stored("nan", new float[] {Float.NaN}, Version.at(1)),
                  stored("zero", new float[3], Version.at(1)),
                  stored("none", new float[0], Version.at(1))));
      assertThat(result.refused())
          .extracting(RefusedChange::reason)
          .containsExactly(Reason.NOT_FINITE, Reason.ZERO_NORM, Reason.WRONG_LENGTH);
      assertThat(store.describe().collection()).isEmpty();
      assertThat(store.upsert(List.of(stored("a", vectors.next(), Version.at(1)))).written())
          .isEqualTo(1);
    }
  }

  @Test
  void aScanHasEveryVectorOnceInTheOrderOfIdsAcrossPages() {
    List<String> ids =
        new ArrayList<>(List.of("a", "a/", "B", "ü", "\uffee", "😀", "z\u0001", "~"));
    IntStream.range(0, 40).mapToObj(i -> "id-" + i).forEach(ids::add);
    Collections.shuffle(ids, new Random(3));
    Map<String, StoredVector> newest = new TreeMap<>(TestingVectors.BY_CODE_POINTS);
    try (VectorStore store = writer()) {
      assertThat(store.scan(null, 10)).isEmpty();
      for (long round = 1; round <= 3; round++) {
        List<StoredVector> some = new ArrayList<>();
        for (String id : ids.subList(0, ids.size() / (int) round)) {
          some.add(stored(id, vectors.next(), Version.at(round)));
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

  /** All vectors of a store, page by page. */
  protected static List<StoredVector> scan(VectorStore store, int most) {
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
                vectors.next(),
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

  @Test
  void onlyAWriterWrites() {
    writer().close();
    try (VectorStore first = writer()) {
      first.upsert(List.of(stored("a", vectors.next(), Version.at(1))));
    }
    try (VectorStore store = VectorStore.open(address(), OpenMode.read())) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> store.upsert(List.of(stored("a", vectors.next(), Version.at(1)))))
          .withMessageContaining("read only");
    }
  }
}
