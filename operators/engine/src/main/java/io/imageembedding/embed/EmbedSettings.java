// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static io.imageembedding.safety.Arguments.checkArgument;
import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import java.io.Serializable;

/**
 * How images are embedded, apart from the model.
 *
 * @param preprocessing of every image
 * @param limits that every image must respect
 * @param batchSize most images that the model is run on at a time; larger batches take several runs
 * @param topK most classes that an embedding by a classifier has scores of
 * @param cacheBytes heap for answers to images that came before; 0: every image is embedded
 */
@PublicEvolving
public record EmbedSettings(
    Preprocessing preprocessing, DecodeLimits limits, int batchSize, int topK, long cacheBytes)
    implements Serializable {

  /** Classes that an embedding by a classifier has scores of, unless somebody says otherwise. */
  public static final int DEFAULT_TOP_K = 5;

  public EmbedSettings {
    requireNonNull(preprocessing, "preprocessing");
    requireNonNull(limits, "limits");
    checkArgument(batchSize >= 1, "batchSize is %s; needed: at least 1", batchSize);
    checkArgument(topK >= 1, "topK is %s; needed: at least 1", topK);
    checkArgument(cacheBytes >= 0, "cacheBytes is %s; needed: at least 0", cacheBytes);
  }

  /** No cache, and everything else at its default. */
  public static EmbedSettings ofBatches(int batchSize) {
    return new EmbedSettings(
        Preprocessing.REFERENCE, DecodeLimits.DEFAULT, batchSize, DEFAULT_TOP_K, 0);
  }
}
