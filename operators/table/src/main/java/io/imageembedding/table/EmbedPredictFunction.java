// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.EmbedMetrics;
import io.imageembedding.model.ModelException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.annotation.Internal;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.functions.FunctionContext;
import org.jspecify.annotations.Nullable;

/**
 * Answers each row with exactly one. An image that cannot be embedded has no vector and an error. A
 * future never fails: Flink would print its row, image and all. Where the model no longer runs, the
 * query fails when it reads the answer.
 */
@Internal
public final class EmbedPredictFunction extends AsyncPredictFunction {
  private static final long serialVersionUID = 1L;

  /** Code of a row without an image. */
  static final String NULL_IMAGE = "NULL_VALUE";

  private static final Refusal NO_IMAGE =
      new Refusal(Refusal.Stage.WIRE, NULL_IMAGE, "the image is NULL");

  private final EmbeddingPlan plan;
  private final List<OutputColumn> columns;

  private transient @Nullable BatchingEmbedder embedder;

  EmbedPredictFunction(EmbeddingPlan plan, List<OutputColumn> columns) {
    this.plan = plan;
    this.columns = columns;
  }

  @Override
  public void open(FunctionContext context) {
    EmbedMetrics metrics = new EmbedMetrics(context.getMetricGroup(), List.of(NULL_IMAGE));
    embedder =
        BatchingEmbedder.start(
            plan, metrics, "image-embedding-" + context.getTaskInfo().getIndexOfThisSubtask());
  }

  @Override
  public CompletableFuture<Collection<RowData>> asyncPredict(RowData features) {
    CompletableFuture<Collection<RowData>> answer = new CompletableFuture<>();
    Provenance running = embedder.provenance();
    if (features.isNullAt(0)) {
      // Counted by the thread that counts all others.
      embedder.answer(NO_IMAGE, outcome -> answer.complete(rows(outcome, running)));
    } else {
      embedder.embed(
          features.getBinary(0),
          outcome -> answer.complete(rows(outcome, running)),
          failure -> answer.complete(List.of(failed(failure))));
    }
    return answer;
  }

  private RowData failed(Throwable failure) {
    return new FailedRow(
        columns.size(),
        new ModelException("no image can be embedded any more: " + failure.getMessage(), failure));
  }

  private List<RowData> rows(Outcome outcome, Provenance running) {
    return List.of(OutputColumn.row(columns, outcome, running));
  }

  @Override
  public void close() {
    if (embedder != null) {
      embedder.close();
      embedder = null;
    }
  }
}
