// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.lucene.BareIndexing;
import io.imageembedding.vectorstore.postgres.BareLoader;
import io.imageembedding.vectorstore.postgres.TestingPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Measures the stores, Lucene first and then PostgreSQL: upserts a second beside bare loops that do
 * the same without versions, recall at 10 against exact search and the time of a search at
 * defaults, disk a vector, and the time of {@link VectorStore#optimize}. Prints a row for each:
 * name, value, unit, what it is compared with, ratio. In some five minutes on two quiet cores:
 *
 * <pre>{@code
 * mvn -q verify -pl operators/vectorstore -am -Dtest=StoreMeasurement \
 *     -Dsurefire.failIfNoSpecifiedTests=false -Dspotless.check.skip -Dmeasure.real=lucene:PATH
 * }</pre>
 *
 * <p>{@code measure.real} is a store of real embeddings, as {@code ./embed index} makes it. Each
 * vector is then a mixture of two of them, with every feature changed by a random part of some 30
 * %, and searches are for mixtures that are not in the store; without it they are {@link
 * TestingVectors}. {@code measure.vectors} (default 100000) and {@code measure.postgres-vectors}
 * (default 20000) say how many there are; 0 leaves searches out.
 *
 * <p>Loops that are compared take turns, batch by batch, in {@value #ROUNDS} rounds; what stands
 * there are medians, and behind them what the ratios of the rounds lie between.
 */
class StoreMeasurement {
  static final int DIMENSION = 1280;
  static final int BATCH = 100;
  static final int ROUNDS = 5;
  static final int BATCHES_A_ROUND = 20;
  static final int BATCHES_A_COMMIT = 10;
  private static final int QUERIES = 500;
  private static final int K = 10;

  /** Makes the store before it is measured. */
  static final OpenMode MODE =
      OpenMode.write(0)
          .expecting(new CollectionSpec(DIMENSION, Similarity.COSINE, TestingVectors.SPACE));

  /**
   * How much is measured.
   *
   * @param rounds in which loops take turns, after one to get warm
   * @param batches of a loop in a round
   */
  record Sizes(int rounds, int batches, int vectors, int postgresVectors, int queries) {}

  private final Source source = source();

  @TempDir private Path folder;

  Sizes sizes() {
    return new Sizes(
        ROUNDS,
        BATCHES_A_ROUND,
        Integer.getInteger("measure.vectors", 100_000),
        Integer.getInteger("measure.postgres-vectors", 20_000),
        QUERIES);
  }

  @Test
  void measure() throws Exception {
    Sizes sizes = sizes();
    System.out.printf(
        "%-58s %10s  %-10s %-42s %6s  %s%n",
        "NAME", "VALUE", "UNIT", "AGAINST", "RATIO", "BETWEEN");
    List<List<StoredVector>> round = batches(source.take(sizes.batches() * BATCH));
    float[][] queries = source.take(sizes.queries());
    float[][] vectors = source.take(sizes.vectors());
    measureLuceneUpserts(round, sizes.rounds());
    if (vectors.length > 0) {
      measureLucene(vectors, queries);
    }
    try (TestingPostgres server = TestingPostgres.start()) {
      measurePostgresUpserts(server.address(), round, sizes.rounds());
      int some = Math.min(vectors.length, sizes.postgresVectors());
      if (some > 0) {
        String address = server.address() + "?table=measured";
        measureSearches("PostgreSQL", address, Arrays.copyOf(vectors, some), queries);
      }
    }
  }

  private void measureLuceneUpserts(List<List<StoredVector>> batches, int rounds) throws Exception {
    Rates rates = new Rates(batches);
    for (int i = 0; i <= rounds; i++) {
      Path root = folder.resolve("round-" + i);
      try (VectorStore ours = VectorStore.open("lucene:" + root.resolve("ours"), MODE);
          BareIndexing bare = new BareIndexing(root.resolve("bare"))) {
        rates.measure(
            n -> {
              ours.upsert(batches.get(n));
              if ((n + 1) % BATCHES_A_COMMIT == 0) {
                ours.commit();
              }
            },
            n -> {
              bare.upsert(batches.get(n));
              if ((n + 1) % BATCHES_A_COMMIT == 0) {
                bare.commit();
              }
            });
      }
    }
    rates.print("Lucene: upserts", "bare IndexWriter");
  }

  private void measurePostgresUpserts(String database, List<List<StoredVector>> batches, int rounds)
      throws Exception {
    Rates inserts = new Rates(batches);
    Rates copies = new Rates(batches);
    for (int i = 0; i <= rounds; i++) {
      try (BareLoader bare = new BareLoader(database + "?table=inserted", DIMENSION)) {
        measure(database + "?table=ours_i" + i, batches, inserts, bare::upsert);
      }
      try (BareLoader bare = new BareLoader(database + "?table=copied", DIMENSION)) {
        measure(database + "?table=ours_c" + i, batches, copies, bare::copy);
      }
    }
    inserts.print("PostgreSQL: upserts", "INSERT … ON CONFLICT of PGvector");
    copies.print("PostgreSQL: upserts", "COPY, which replaces nothing");
  }

  private static void measure(
      String address, List<List<StoredVector>> batches, Rates rates, BareLoop bare)
      throws Exception {
    try (VectorStore ours = VectorStore.open(address, MODE)) {
      rates.measure(n -> ours.upsert(batches.get(n)), n -> bare.write(batches.get(n)));
    }
    BareLoader.drop(address);
  }

  private interface BareLoop {
    void write(List<StoredVector> batch) throws Exception;
  }

  private static double load(VectorStore store, List<List<StoredVector>> batches) {
    long start = System.nanoTime();
    for (int i = 0; i < batches.size(); i++) {
      WriteResult result = store.upsert(batches.get(i));
      assertThat(result.written()).isEqualTo(batches.get(i).size());
    }
    store.commit();
    return secondsSince(start);
  }

  private void measureLucene(float[][] vectors, float[][] queries) throws IOException {
    Path root = folder.resolve("measured");
    measureSearches("Lucene", "lucene:" + root, vectors, queries);
    try (Stream<Path> files = Files.walk(root)) {
      long bytes = files.filter(Files::isRegularFile).mapToLong(f -> f.toFile().length()).sum();
      double raw = DIMENSION * Float.BYTES;
      double each = bytes / (double) vectors.length;
      row("Lucene: disk", each, "bytes", "raw float32, " + (int) raw, each / raw, "");
    }
  }

  static void measureSearches(String kind, String address, float[][] vectors, float[][] queries) {
    List<Set<String>> nearest = nearest(vectors, queries);
    String name = "%s, %,d vectors: ".formatted(kind, vectors.length);
    try (VectorStore store = VectorStore.open(address, MODE)) {
      double seconds = load(store, batches(vectors));
      row(name + "load", vectors.length / seconds, "vectors/s", "", Double.NaN, "");
      long start = System.nanoTime();
      store.optimize();
      row(name + "optimize", secondsSince(start), "s", "", Double.NaN, "");
      measureSearch(name + "search", store, queries, nearest);
    }
  }

  static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static void measureSearch(
      String name, VectorStore store, float[][] queries, List<Set<String>> nearest) {
    for (int i = 0; i < queries.length / 5; i++) {
      store.search(queries[i], K, Filter.NONE);
    }
    double[] millis = new double[queries.length];
    int found = 0;
    for (int i = 0; i < queries.length; i++) {
      long start = System.nanoTime();
      List<Hit> hits = store.search(queries[i], K, Filter.NONE);
      millis[i] = secondsSince(start) * 1000;
      Set<String> wanted = nearest.get(i);
      found += (int) hits.stream().filter(hit -> wanted.contains(hit.id())).count();
    }
    Arrays.sort(millis);
    String details = store.describe().details().toString();
    row(
        name + ", recall@" + K,
        found / (double) (K * queries.length),
        "",
        "exact search",
        Double.NaN,
        details);
    row(
        name + ", p99",
        millis[millis.length * 99 / 100],
        "ms",
        "",
        Double.NaN,
        "%.2f to %.2f, median %.2f"
            .formatted(millis[0], millis[millis.length - 1], millis[millis.length / 2]));
  }

  /** The ids of the nearest to each query, by exact search. */
  private static List<Set<String>> nearest(float[][] vectors, float[][] queries) {
    double[] lengths = Arrays.stream(vectors).parallel().mapToDouble(v -> length(v)).toArray();
    return Arrays.stream(queries)
        .parallel()
        .map(
            query -> {
              PriorityQueue<Near> nearest = new PriorityQueue<>(K + 1);
              for (int i = 0; i < vectors.length; i++) {
                double cosine = dot(vectors[i], query) / lengths[i];
                if (nearest.size() < K || cosine > nearest.element().cosine) {
                  nearest.add(new Near(cosine, id(i)));
                }
                if (nearest.size() > K) {
                  nearest.remove();
                }
              }
              return nearest.stream().map(Near::id).collect(Collectors.toSet());
            })
        .toList();
  }

  private record Near(double cosine, String id) implements Comparable<Near> {
    @Override
    public int compareTo(Near other) {
      return Double.compare(cosine, other.cosine);
    }
  }

  private static double length(float[] vector) {
    return Math.sqrt(dot(vector, vector));
  }

  /** In sums that do not wait for each other, as there are many. */
  private static double dot(float[] a, float[] b) {
    float first = 0;
    float second = 0;
    float third = 0;
    float fourth = 0;
    for (int i = 0; i < DIMENSION; i += 4) {
      first += a[i] * b[i];
      second += a[i + 1] * b[i + 1];
      third += a[i + 2] * b[i + 2];
      fourth += a[i + 3] * b[i + 3];
    }
    return (double) first + second + third + fourth;
  }

  static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  static void row(
      String name, double value, String unit, String against, double ratio, String between) {
    System.out.printf(
        "%-58s %10s  %-10s %-42s %6s  %s%n",
        name,
        value >= 100 ? "%,.0f".formatted(value) : "%.4f".formatted(value),
        unit,
        against,
        Double.isNaN(ratio) ? "" : "%.2f".formatted(ratio),
        between);
  }

  private static String id(int i) {
    return "image-" + i + ".jpg";
  }

  static List<List<StoredVector>> batches(float[][] vectors) {
    List<List<StoredVector>> batches = new ArrayList<>();
    for (int from = 0; from < vectors.length; from += BATCH) {
      batches.add(
          IntStream.range(from, Math.min(vectors.length, from + BATCH))
              .mapToObj(
                  i ->
                      TestingVectors.stored(
                          id(i),
                          vectors[i],
                          new Version(1_700_000_000_000L + i, "images", 0, i),
                          Map.of("class", "class-" + i % 10)))
              .toList());
    }
    return batches;
  }

  static Source source() {
    String real = System.getProperty("measure.real");
    return real == null ? new TestingVectors(DIMENSION, 5)::next : new Mixtures(real);
  }

  interface Source {
    float[] next();

    default float[][] take(int count) {
      return Stream.generate(this::next).limit(count).toArray(float[][]::new);
    }
  }

  private static final class Mixtures implements Source {
    private final Random random = new Random(5);
    private final List<StoredVector> real;

    private Mixtures(String address) {
      try (VectorStore store = VectorStore.open(address, OpenMode.read())) {
        real = store.scan(null, 10_000);
      }
    }

    private float[] any() {
      return real.get(random.nextInt(real.size())).vector();
    }

    @Override
    public float[] next() {
      float[] a = any();
      float[] b = any();
      float part = 0.5f * random.nextFloat();
      float[] mixture = new float[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        float feature = (1 - part) * a[i] + part * b[i];
        mixture[i] = Math.min(6, Math.max(0, feature * (1 + 0.3f * (float) random.nextGaussian())));
      }
      return mixture;
    }
  }
}
