// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.bench.worker.Contender;
import io.imageembedding.bench.worker.Figures;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.model.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The product's decoding and inference in a bare loop, without Flink and Kafka: the limit. */
final class LoopContender implements Contender {
  private static final int MOST_AT_ONCE = 8;

  private record Done(long images, long bytes) {}

  private final List<byte[]> photos;
  private final Precision precision;
  private final List<ImageEmbedder> embedders = new ArrayList<>();
  private final ExecutorService callers = Executors.newCachedThreadPool();

  LoopContender(Precision precision, Arguments arguments) throws IOException {
    this.precision = precision;
    photos = Fixtures.photos(arguments.folder());
    embedder(0);
  }

  private ImageEmbedder embedder(int index) {
    while (embedders.size() <= index) {
      embedders.add(
          new ImageEmbedder(Fixtures.model(precision), EmbedSettings.ofBatches(MOST_AT_ONCE)));
    }
    return embedders.get(index);
  }

  @Override
  public Map<String, Double> facts() {
    return Map.of();
  }

  @Override
  public Map<String, Double> run(Arguments arguments) throws Exception {
    int batch = arguments.integer("batch");
    int count = arguments.integer(Arguments.CALLERS);
    embedder(count - 1);
    long start = System.nanoTime();
    long end = start + arguments.nanos();
    List<Future<Done>> results = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ImageEmbedder embedder = embedders.get(i);
      int first = i * photos.size() / count;
      results.add(callers.submit(() -> embedUntil(end, embedder, batch, first)));
    }
    double images = 0;
    double bytes = 0;
    for (Future<Done> result : results) {
      images += result.get().images();
      bytes += result.get().bytes();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return Map.of(
        Figures.IMAGES_PER_SECOND, images / seconds, Figures.BYTES_PER_IMAGE, bytes / images);
  }

  private Done embedUntil(long end, ImageEmbedder embedder, int batch, int first)
      throws IOException {
    long bytes = Allocation.ofThisThread();
    long images = 0;
    do {
      long from = first + images;
      for (Outcome outcome :
          embedder.embed(batch, i -> photos.get((int) ((from + i) % photos.size())))) {
        if (!(outcome instanceof Embedding)) {
          throw new IOException("no embedding but " + outcome);
        }
      }
      images += batch;
    } while (System.nanoTime() < end);
    return new Done(images, Allocation.ofThisThread() - bytes);
  }

  @Override
  public void close() {
    callers.shutdown();
    embedders.forEach(ImageEmbedder::close);
  }
}
