// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Images a second from pixels that lie ready to vectors in Java, by as many callers as are asked
 * for, each with an engine of its own.
 */
final class InferenceContender implements Contender {
  static final String IMAGES_PER_SECOND = "images/s";
  static final String DIFFERENCE = "difference";
  static final String COSINE = "cosine";

  private final Path folder;
  private final Engine.Factory factory;
  private final List<Engine> engines = new ArrayList<>();
  private final ExecutorService callers = Executors.newCachedThreadPool();
  private double difference;
  private double cosine = 1;

  InferenceContender(String kind, Arguments arguments) throws Exception {
    folder = arguments.folder();
    factory = Engines.open(kind, arguments);
    compare(engine(0));
  }

  private void compare(Engine engine) throws Exception {
    engine.load(Fixtures.pixels(folder, Fixtures.COMPARED), Fixtures.COMPARED);
    float[][] actual = engine.embed();
    float[] expected = FloatFile.read(folder.resolve(Fixtures.VECTOR_FILE));
    for (int image = 0; image < actual.length; image++) {
      double product = 0;
      double squares = 0;
      double expectedSquares = 0;
      for (int i = 0; i < Fixtures.FEATURES; i++) {
        double one = expected[image * Fixtures.FEATURES + i];
        double other = actual[image][i];
        difference = Math.max(difference, Math.abs(one - other));
        product += one * other;
        squares += other * other;
        expectedSquares += one * one;
      }
      cosine = Math.min(cosine, product / Math.sqrt(squares * expectedSquares));
    }
  }

  private Engine engine(int index) throws Exception {
    while (engines.size() <= index) {
      engines.add(factory.create());
    }
    return engines.get(index);
  }

  @Override
  public Map<String, Double> facts() {
    return Map.of(DIFFERENCE, difference, COSINE, cosine);
  }

  @Override
  public Map<String, Double> run(Arguments arguments) throws Exception {
    int batch = arguments.integer("batch");
    int count = arguments.integer("callers");
    float[] pixels = Fixtures.pixels(folder, batch);
    for (int i = 0; i < count; i++) {
      engine(i).load(pixels, batch);
      engine(i).embed();
    }
    long start = System.nanoTime();
    long end = start + arguments.nanos();
    List<Future<Long>> images = new ArrayList<>();
    for (Engine engine : engines.subList(0, count)) {
      images.add(callers.submit(() -> embedUntil(end, engine, batch)));
    }
    double sum = 0;
    for (Future<Long> some : images) {
      sum += some.get();
    }
    return Map.of(IMAGES_PER_SECOND, sum / ((System.nanoTime() - start) / 1e9));
  }

  private static long embedUntil(long end, Engine engine, int batch) throws Exception {
    long images = 0;
    do {
      if (engine.embed().length != batch) {
        throw new IOException("not as many vectors as images");
      }
      images += batch;
    } while (System.nanoTime() < end);
    return images;
  }

  @Override
  public void close() throws Exception {
    callers.shutdown();
    for (Engine engine : engines) {
      engine.close();
    }
    factory.close();
  }
}
