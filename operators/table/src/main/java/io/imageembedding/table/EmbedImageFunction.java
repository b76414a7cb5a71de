// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import java.io.IOException;
import org.apache.flink.annotation.Internal;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;
import org.jspecify.annotations.Nullable;

/**
 * {@code EMBED_IMAGE(image)}: the feature vector of an encoded image, NULL where there is none; why
 * that is, {@code IMAGE_INFO} often knows, and {@code ML_PREDICT} always. For changelogs, which
 * {@code ML_PREDICT} does not take. One image at a time, so slower than that.
 */
@Internal
public final class EmbedImageFunction extends ScalarFunction {
  private static final long serialVersionUID = 1L;

  private final EmbeddingPlan plan;
  private transient TaskEmbedders.@Nullable Lease lease;

  EmbedImageFunction(EmbeddingPlan plan) {
    this.plan = plan;
  }

  @Override
  public void open(FunctionContext context) {
    lease = TaskEmbedders.lease(plan, context.getMetricGroup());
  }

  public @DataTypeHint(value = "ARRAY<FLOAT>", bridgedTo = ArrayData.class) @Nullable ArrayData
      eval(@DataTypeHint("BYTES") byte @Nullable [] image) throws IOException {
    if (image == null) {
      return null;
    }
    ImageEmbedder embedder = lease.embedder();
    lease.metrics().batch(1, FlushReason.COUNT);
    Outcome outcome = embedder.embed(1, i -> image).get(0);
    return outcome instanceof Embedding embedding ? new GenericArrayData(embedding.vector()) : null;
  }

  /** The planner has no task, and so no model. */
  @Override
  public boolean supportsConstantFolding() {
    return false;
  }

  @Override
  public void close() {
    if (lease != null) {
      lease.close();
      lease = null;
    }
  }
}
