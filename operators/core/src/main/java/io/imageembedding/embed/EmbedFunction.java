// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static org.apache.flink.util.Preconditions.checkNotNull;

import io.imageembedding.batch.MicroBatch;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/**
 * Answers every element of a batch, in order, with an embedding or a refusal. Holds one model for
 * each parallel instance, loaded and warmed in {@link #open} and given back in {@link #close}.
 *
 * <p>Fails the task only if the model cannot be loaded, is another than the job was built with, or
 * no longer runs at all.
 *
 * @param <T> the element
 */
public final class EmbedFunction<T>
    extends RichMapFunction<MicroBatch<T>, MicroBatch<Embedded<T>>> {
  private static final long serialVersionUID = 1L;

  private final ImageExtractor<T> extractor;
  private final ModelSource model;
  private final String modelSha256;
  private final Preprocessing preprocessing;
  private final DecodeLimits limits;
  private final int batchSize;
  private final int topK;

  private transient EmbedMetrics metrics;
  private transient ImageEmbedder embedder;

  /**
   * @param extractor finds the encoded image in an element
   * @param model loaded once for each parallel instance
   * @param modelSha256 content that the model must have, or null for any
   * @param preprocessing of every image
   * @param limits that every image must respect
   * @param batchSize most images that the model is run on at a time; larger batches take several
   *     runs
   * @param topK most classes that an embedding by a classifier has scores of
   */
  public EmbedFunction(
      ImageExtractor<T> extractor,
      ModelSource model,
      String modelSha256,
      Preprocessing preprocessing,
      DecodeLimits limits,
      int batchSize,
      int topK) {
    this.extractor = checkNotNull(extractor, "extractor");
    this.model = checkNotNull(model, "model");
    this.modelSha256 = modelSha256;
    this.preprocessing = checkNotNull(preprocessing, "preprocessing");
    this.limits = checkNotNull(limits, "limits");
    this.batchSize = batchSize;
    this.topK = topK;
  }

  @Override
  public void open(OpenContext context) throws IOException {
    metrics = new EmbedMetrics(getRuntimeContext().getMetricGroup());
    extractor.open();
    embedder = new ImageEmbedder(model, preprocessing, limits, batchSize, topK, metrics);
    String found = embedder.provenance().sha256();
    if (modelSha256 != null && !modelSha256.equals(found)) {
      throw new ModelException(
          "model "
              + model
              + " has content "
              + found
              + " here, but the job was built with "
              + modelSha256
              + "; every machine must have the same model");
    }
  }

  @Override
  public MicroBatch<Embedded<T>> map(MicroBatch<T> batch) throws IOException {
    metrics.batch(batch.size(), batch.flushReason());
    List<T> elements = batch.elements();
    List<Outcome> outcomes = embedder.embed(elements.size(), i -> extractor.image(elements.get(i)));
    List<Embedded<T>> answers = new ArrayList<>(elements.size());
    for (int i = 0; i < elements.size(); i++) {
      answers.add(new Embedded<>(elements.get(i), outcomes.get(i)));
    }
    return batch.withElements(answers);
  }

  @Override
  public void close() {
    if (embedder != null) {
      embedder.close();
      embedder = null;
    }
  }
}
