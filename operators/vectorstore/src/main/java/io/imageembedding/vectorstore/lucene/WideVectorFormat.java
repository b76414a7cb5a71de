// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.annotation.Internal;
import java.io.IOException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.hnsw.FlatVectorsFormat;
import org.apache.lucene.codecs.lucene99.Lucene99FlatVectorsFormat;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsReader;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsWriter;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.search.TaskExecutor;

/**
 * Lucene's HNSW format for vectors of up to {@value #MAX_DIMENSIONS} features; Lucene itself stops
 * at 1024. Public only because Lucene finds it by name.
 */
@Internal
public final class WideVectorFormat extends KnnVectorsFormat {

  /** Most features of a vector. */
  static final int MAX_DIMENSIONS = 8192;

  /** Neighbours of a node, twice as many on the lowest level. */
  static final int MAX_CONNECTIONS = 16;

  /** Candidates that are looked at when a node is put into the graph. */
  static final int BEAM_WIDTH = 100;

  private static final int MERGE_WORKERS = Runtime.getRuntime().availableProcessors();

  /** Null where one thread is enough, as Lucene wants it. */
  private static final TaskExecutor MERGES = MERGE_WORKERS == 1 ? null : merges();

  public WideVectorFormat() {
    super("ImageEmbeddingWideVectors");
  }

  /** Threads that end when nothing is merged: they must not hold a job's classes after its end. */
  private static TaskExecutor merges() {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            MERGE_WORKERS,
            MERGE_WORKERS,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            action -> {
              Thread thread = new Thread(action, "vector-merge");
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
    return new TaskExecutor(threads);
  }

  private static FlatVectorsFormat flat() {
    return new Lucene99FlatVectorsFormat(new CosineScorer());
  }

  @Override
  public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
    return new Lucene99HnswVectorsWriter(
        state, MAX_CONNECTIONS, BEAM_WIDTH, flat().fieldsWriter(state), MERGE_WORKERS, MERGES);
  }

  @Override
  public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
    return new Lucene99HnswVectorsReader(state, flat().fieldsReader(state));
  }

  @Override
  public int getMaxDimensions(String field) {
    return MAX_DIMENSIONS;
  }
}
