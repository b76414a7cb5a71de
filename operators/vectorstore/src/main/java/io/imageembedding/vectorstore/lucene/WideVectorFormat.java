// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import java.io.IOException;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;

/**
 * Lucene's HNSW format for vectors of up to {@value #MAX_DIMENSIONS} features; Lucene itself stops
 * at 1024. Public only because Lucene finds it by name.
 */
public final class WideVectorFormat extends KnnVectorsFormat {

  /** Most features of a vector. */
  static final int MAX_DIMENSIONS = 8192;

  /** Neighbours of a node, twice as many on the lowest level. */
  static final int MAX_CONNECTIONS = 16;

  /** Candidates that are looked at when a node is put into the graph. */
  static final int BEAM_WIDTH = 100;

  private final KnnVectorsFormat hnsw = new Lucene99HnswVectorsFormat(MAX_CONNECTIONS, BEAM_WIDTH);

  public WideVectorFormat() {
    super("ImageEmbeddingWideVectors");
  }

  @Override
  public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
    return hnsw.fieldsWriter(state);
  }

  @Override
  public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
    return hnsw.fieldsReader(state);
  }

  @Override
  public int getMaxDimensions(String field) {
    return MAX_DIMENSIONS;
  }
}
