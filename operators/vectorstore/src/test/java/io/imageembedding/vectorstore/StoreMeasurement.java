// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures a store: upserts a second, recall at 10 against exact search, time of a search.
 *
 * <p>Arguments: address of a new store, number of vectors, and where wanted a file of real
 * embeddings of 1280 big-endian floats each. Each vector is then a mixture of two of them, with
 * every feature changed by a random part of some 30 %, and searches are for mixtures that are not
 * in the store; without a file they are {@link TestingVectors}.
 */
final class StoreMeasurement {
  private static final int DIMENSION = 1280;
  private static final int BATCH = 100;
  private static final int QUERIES = 500;
  private static final int K = 10;

  private StoreMeasurement() {}

  public static void main(String[] args) throws IOException {
    String address = args[0];
    int count = Integer.parseInt(args[1]);
    Source source = args.length > 2 ? new Mixtures(Path.of(args[2])) : new Made();
    float[][] vectors = source.take(count);
    float[][] queries = source.take(QUERIES);

    try (VectorStore store = VectorStore.open(address, OpenMode.write(0))) {
      long start = System.nanoTime();
      for (int from = 0; from < count; from += BATCH) {
        int first = from;
        store.upsert(
            IntStream.range(first, Math.min(count, first + BATCH))
                .mapToObj(
                    i ->
                        TestingVectors.stored(
                            "image-" + i + ".jpg",
                            vectors[i],
                            new Version(1_700_000_000_000L + i, "images", 0, i),
                            Map.of("class", "class-" + i % 10)))
                .toList());
      }
      store.commit();
      double seconds = secondsSince(start);
      System.out.printf("upserts: %d in %.1f s, %.0f a second%n", count, seconds, count / seconds);
      search("before optimize", store, vectors, queries);
      start = System.nanoTime();
      store.optimize();
      System.out.printf("optimize: %.1f s%n", secondsSince(start));
      search("after optimize", store, vectors, queries);
    }
    if (address.startsWith("lucene:")) {
      try (Stream<Path> files = Files.walk(Path.of(StoreAddress.parse(address).target()))) {
        long bytes = files.filter(Files::isRegularFile).mapToLong(f -> f.toFile().length()).sum();
        System.out.printf(
            "disk: %.3f x raw floats%n", bytes / ((double) count * DIMENSION * Float.BYTES));
      }
    }
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static void search(String when, VectorStore store, float[][] vectors, float[][] queries) {
    System.out.println(when + ": " + store.describe().details());
    for (int i = 0; i < 100; i++) {
      store.search(queries[i], K, Filter.NONE);
    }
    long[] nanos = new long[queries.length];
    List<List<Hit>> answers = new ArrayList<>();
    for (int i = 0; i < queries.length; i++) {
      long start = System.nanoTime();
      answers.add(store.search(queries[i], K, Filter.NONE));
      nanos[i] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    int found =
        IntStream.range(0, queries.length)
            .parallel()
            .map(i -> common(answers.get(i), nearest(vectors, queries[i])))
            .sum();
    System.out.printf(
        "  recall@%d %.4f, search p50 %.2f ms, p99 %.2f ms, most %.2f ms%n",
        K,
        found / (double) (K * queries.length),
        nanos[nanos.length / 2] / 1e6,
        nanos[nanos.length * 99 / 100] / 1e6,
        nanos[nanos.length - 1] / 1e6);
  }

  private static int common(List<Hit> hits, Set<String> nearest) {
    return (int) hits.stream().filter(hit -> nearest.contains(hit.id())).count();
  }

  private static Set<String> nearest(float[][] vectors, float[] query) {
    double[] cosines = new double[vectors.length];
    for (int i = 0; i < vectors.length; i++) {
      cosines[i] = TestingVectors.cosine(vectors[i], query);
    }
    return IntStream.range(0, vectors.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -cosines[i]))
        .limit(K)
        .map(i -> "image-" + i + ".jpg")
        .collect(Collectors.toCollection(HashSet::new));
  }

  private interface Source {
    float[] next();

    default float[][] take(int count) {
      return Stream.generate(this::next).limit(count).toArray(float[][]::new);
    }
  }

  private static final class Made implements Source {
    private final TestingVectors vectors = new TestingVectors(DIMENSION, 5);

    @Override
    public float[] next() {
      return vectors.next();
    }
  }

  private static final class Mixtures implements Source {
    private final Random random = new Random(5);
    private final float[][] real;

    private Mixtures(Path file) throws IOException {
      var floats = ByteBuffer.wrap(Files.readAllBytes(file)).asFloatBuffer();
      real = new float[floats.remaining() / DIMENSION][DIMENSION];
      for (float[] vector : real) {
        floats.get(vector);
      }
    }

    @Override
    public float[] next() {
      float[] a = real[random.nextInt(real.length)];
      float[] b = real[random.nextInt(real.length)];
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
