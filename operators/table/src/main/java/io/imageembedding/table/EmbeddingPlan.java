// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.embed.EmbedListener;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import java.io.Serializable;
import java.util.Map;
import org.apache.flink.configuration.ReadableConfig;

/**
 * How the images of a statement are embedded, as it was when the statement was planned.
 *
 * @param built what the model was then; tasks refuse to start with another content
 */
record EmbeddingPlan(
    ModelSource model, ModelDescriptor built, EmbedSettings settings, BatchPolicy batches)
    implements Serializable {

  /**
   * Reads options and loads the model once, to see that it can be used.
   *
   * @throws io.imageembedding.flink.InvalidOptionException if an option cannot be used
   * @throws ModelException if the model cannot
   */
  static EmbeddingPlan of(Map<String, String> options) {
    ReadableConfig config = SqlOptions.configuration(options);
    BatchPolicy batches = EmbedOptions.batchPolicy(config);
    EmbedSettings settings = settings(config, batches);
    ModelSource source = EmbedOptions.model(config);
    try (FeatureVectorModel loaded = source.load()) {
      ModelDescriptor built = loaded.descriptor();
      // What was measured here is what runs in every task.
      return new EmbeddingPlan(
          source.in(Precision.of(built.precision())), built, settings, batches);
    }
  }

  private static EmbedSettings settings(ReadableConfig config, BatchPolicy batches) {
    return new EmbedSettings(
        EmbedOptions.preprocessing(config),
        EmbedOptions.decodeLimits(config),
        batches.maxCount(),
        EmbedOptions.topK(config),
        EmbedOptions.cacheBytes(config));
  }

  /**
   * Reads the same options, and loads nothing.
   *
   * @throws io.imageembedding.flink.InvalidOptionException if an option cannot be used
   */
  static void check(ReadableConfig config) {
    settings(config, EmbedOptions.batchPolicy(config));
    EmbedOptions.model(config);
  }

  /** What will have made the vectors. */
  Provenance provenance() {
    return built.provenance(settings.preprocessing());
  }

  /** The same with no more images at a time. */
  EmbeddingPlan withBatchesUpTo(int most) {
    int count = Math.min(most, batches.maxCount());
    return new EmbeddingPlan(
        model,
        built,
        new EmbedSettings(
            settings.preprocessing(),
            settings.limits(),
            count,
            settings.topK(),
            settings.cacheBytes()),
        new BatchPolicy(count, batches.maxBytes(), batches.maxAge(), batches.latencyBudget()));
  }

  /**
   * Loads and warms the model in a task. The caller owns what it gets.
   *
   * @throws ModelException if it cannot be loaded, or is another than was planned with
   */
  ImageEmbedder open(EmbedListener listener) {
    ImageEmbedder embedder = new ImageEmbedder(model, settings, listener);
    String found = embedder.provenance().sha256();
    if (!found.equals(built.sha256())) {
      embedder.close();
      throw new ModelException(
          "model "
              + model
              + " has content "
              + found
              + " here, but the statement was planned with "
              + built.sha256()
              + "; every machine must have the same model");
    }
    return embedder;
  }
}
