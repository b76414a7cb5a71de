// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.vectorstore.CollectionSpec;
import java.io.IOException;
import org.apache.flink.annotation.Internal;

/**
 * Embeds images that are searched for, so that their vectors may be compared with those of a store.
 * May be used by several threads, which take turns.
 */
@Internal
public final class QueryEmbedder implements AutoCloseable {
  private final ImageEmbedder embedder;

  private QueryEmbedder(ImageEmbedder embedder) {
    this.embedder = embedder;
  }

  /**
   * Loads the model.
   *
   * @param store its address, for messages
   * @param held what the store holds
   * @throws io.imageembedding.vectorstore.StoreException naming both models if the store's vectors
   *     are another's
   */
  public static QueryEmbedder open(QueryModel query, String store, CollectionSpec held) {
    try (Ownership owned = new Ownership()) {
      ImageEmbedder embedder =
          owned.add(
              new ImageEmbedder(
                  query.model(),
                  new EmbedSettings(
                      query
                          .preprocessing()
                          .or(() -> Preprocessing.ofId(held.space().preprocessing()))
                          .orElse(Preprocessing.REFERENCE),
                      query.limits(),
                      1,
                      EmbedOptions.SCORES_TOP_K.defaultValue(),
                      0)));
      new CollectionSpec(embedder.dimension(), held.metric(), embedder.provenance())
          .requireSame(store, held);
      return new QueryEmbedder(owned.release(embedder));
    }
  }

  /** Embeds an encoded image. */
  public synchronized Outcome embed(byte[] image) throws IOException {
    return embedder.embed(1, index -> image).get(0);
  }

  @Override
  public synchronized void close() {
    embedder.close();
  }
}
