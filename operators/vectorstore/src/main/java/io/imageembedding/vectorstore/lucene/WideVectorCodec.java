// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.annotation.Internal;
import org.apache.lucene.codecs.FilterCodec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene912.Lucene912Codec;

/**
 * Lucene's codec with {@link WideVectorFormat}. Public only because Lucene finds it by the name
 * that stands in every segment.
 */
@Internal
public final class WideVectorCodec extends FilterCodec {
  private final KnnVectorsFormat vectors = new WideVectorFormat();

  public WideVectorCodec() {
    super("ImageEmbedding912", new Lucene912Codec());
  }

  @Override
  public KnnVectorsFormat knnVectorsFormat() {
    return vectors;
  }
}
