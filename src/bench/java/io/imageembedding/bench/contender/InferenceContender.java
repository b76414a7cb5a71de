// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import io.imageembedding.bench.engine.Engine;
import io.imageembedding.bench.engine.Engines;
import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.fixture.FloatFile;
import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.bench.worker.Contender;
import io.imageembedding.bench.worker.Figures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Images a second from pixels that lie ready to vectors in Java, by as many callers as are asked
 * for, each with an engine of its own.
 */
final class InferenceContender implements Contender {
  private final Path folder;
  private final Engine.Factory factory;
  private final List<Engine> engines = new ArrayList<>();
  private final ExecutorService callers = Executors.newCachedThreadPool();
  private final Map<String, Double> facts;

  /** Sizes of batches that have been run. */
  private final Set<String> warm = new HashSet<>();

  InferenceContender(String kind, Arguments arguments) throws Exception {
    folder = arguments.folder();
    factory = Engines.open(kind, arguments);
    facts = compare(engine(0));
    if (arguments.values().containsKey(Arguments.CALLERS)) {
      engine(arguments.integer(Arguments.CALLERS) - 1);
    }
  }

  /** How far the vectors are from the expected: greatest difference, least cosine. */
  private Map<String, Double> compare(Engine engine) throws Exception {
    engine.load(Fixtures.pixels(folder, Fixtures.COMPARED), Fixtures.COMPARED);
    float[][] actual = engine.embed();
    float[] expected = FloatFile.read(folder.resolve(Fixtures.VECTOR_FILE));
    double difference = 0;
    double cosine = 1;
    for (int i = 0; i < Fixtures.COMPARED; i++) {
      double product = 0;
      double squares = 0;
      double expectedSquares = 0;
      for (int j = 0; j < Fixtures.FEATURES; j++) {
        double wanted = expected[i * Fixtures.FEATURES + j];
        difference = Math.max(difference, Math.abs(wanted - actual[i][j]));
        product += wanted * actual[i][j];
        squares += actual[i][j] * actual[i][j];
        expectedSquares += wanted * wanted;
      }
      cosine = Math.min(cosine, product / Math.sqrt(squares * expectedSquares));
    }
    return Map.of(Figures.DIFFERENCE, difference, Figures.COSINE, cosine);
  }

  private Engine engine(int index) throws Exception {
    while (engines.size() <= index) {
      engines.add(factory.create());
    }
    return engines.get(index);
  }

  @Override
  public Map<String, Double> facts() {
    return facts;
  }

  @Override
  public Map<String, Double> run(Arguments arguments) throws Exception {
    int batch = arguments.integer("batch");
    int count = arguments.integer(Arguments.CALLERS);
    float[] pixels = Fixtures.pixels(folder, batch);
    boolean known = !warm.add(batch + " by " + count);
    for (int i = 0; i < count; i++) {
      engine(i).load(pixels, batch);
      if (!known) {
        engine(i).embed();
      }
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
    return Map.of(Figures.IMAGES_PER_SECOND, sum / ((System.nanoTime() - start) / 1e9));
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
