// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.Cosine;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.ChangeBatch;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.RefusedChange.Reason;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.WriteResult;
import io.imageembedding.vectorstore.tool.StoreVerification;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What every kind of store has to do, as tests: a test of a store extends it and says where a new
 * store is.
 *
 * <pre>{@code
 * class MyStoreTest extends VectorStoreContract {
 *   @TempDir Path folder;
 *
 *   @Override
 *   protected String address() {
 *     return "mine:" + folder.resolve("store");
 *   }
 * }
 * }</pre>
 *
 * <p>The tests are named as what would be broken. A version may add some, and a store that does not
 * pass them has not been one before either.
 */
@PublicEvolving
public abstract class VectorStoreContract extends PagesContract {

  @Test
  void whatWasWrittenIsFoundBitForBitAndDescribed() {
    StoredVector full =
        new StoredVector(
            "a/ü 😀\"'\\",
            next(),
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
                        next(),
                        new Version(i, "images", i % 2, i),
                        Map.of("colour", i % 3 == 0 ? "red" : "blue", "long", "x".repeat(i * 20))))
            .toList();
    try (VectorStore store = writer()) {
      store.upsert(all);
      store.commit();
      float[] target = next();
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
      float[] vector = next();
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
            .sorted(Comparator.comparingDouble(v -> -Cosine.of(v.vector(), target)))
            .limit(10)
            .toList();
    assertThat(hits).extracting(Hit::id).isEqualTo(nearest.stream().map(StoredVector::id).toList());
    for (int i = 0; i < hits.size(); i++) {
      assertThat((double) hits.get(i).score())
          .isCloseTo(Cosine.of(nearest.get(i).vector(), target), within(1e-5));
    }
  }

  @Test
  void whatDoesNotBelongIsRefusedByReasonAndTheRestIsWritten() {
    float[] infinite = next();
    infinite[3] = Float.POSITIVE_INFINITY;
    float[] nan = next();
    nan[0] = Float.NaN;
    float[] huge = new float[DIMENSION];
    huge[0] = 1e30f;
    float[] tiny = new float[DIMENSION];
    tiny[0] = 1e-30f;
    Version one = Version.at(1);
    List<Change> changes =
        List.of(
            stored("first", next(), one),
            new StoredVector("space", next(), OTHER_SPACE, one, image(Map.of())),
            stored("short", new float[] {1, 2}, one),
            stored("nan", nan, one),
            stored("infinite", infinite, one),
            stored("huge", huge, one),
            stored("zero", new float[DIMENSION], one),
            stored("tiny", tiny, one),
            stored("", next(), one),
            stored("nul\0", next(), one),
            stored("half \ud83d", next(), one),
            stored("i".repeat(ChangeBatch.MAX_ID_BYTES + 1), next(), one),
            stored("metadata", next(), one, Map.of("k", "\0")),
            stored("large", next(), one, Map.of("k", "v".repeat(1 << 20))),
            new Deletion("", one),
            stored("i".repeat(ChangeBatch.MAX_ID_BYTES), next(), one),
            stored("last", next(), one));
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
      store.upsert(List.of(stored("a", next(), Version.at(1))));
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
      assertThat(store.upsert(List.of(stored("a", next(), Version.at(1)))).written()).isEqualTo(1);
    }
  }

  @Test
  void onlyAWriterWrites() {
    writer().close();
    try (VectorStore first = writer()) {
      first.upsert(List.of(stored("a", next(), Version.at(1))));
    }
    try (VectorStore store = VectorStore.open(address(), OpenMode.read())) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> store.upsert(List.of(stored("a", next(), Version.at(1)))))
          .withMessageContaining("read only");
    }
  }
}
