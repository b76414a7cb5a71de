// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.embedding.Provenance;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.traces.Span;
import org.apache.flink.traces.SpanBuilder;

/**
 * Spans of the operator, one of each subtask's start. All have the attributes {@code model}, {@code
 * sha256}, {@code precision} and {@code vectorSpace}, as the gauge {@link EmbedMetrics#MODEL_INFO}
 * has them, and those of the subtask.
 */
@PublicEvolving
public final class EmbedSpans {

  /** Span: all of the model's load; the others are its children, one after the other. */
  public static final String MODEL_LOAD = "ModelLoad";

  /** Span: the model's files are fetched, read and checked. */
  public static final String MODEL_READ = "ModelRead";

  /** Span: the network is made, proven on probe images, and measured where there is a choice. */
  public static final String MODEL_PROOF = "ModelProof";

  /** Span: the smallest and the largest batch are run. */
  public static final String MODEL_WARM_UP = "ModelWarmUp";

  private EmbedSpans() {}

  static SpanBuilder modelLoad(LoadTimes times, Provenance running) {
    return span(MODEL_LOAD, times, 0, times.warmNanos(), running)
        .addChild(span(MODEL_READ, times, 0, times.readNanos(), running))
        .addChild(span(MODEL_PROOF, times, times.readNanos(), times.provenNanos(), running))
        .addChild(span(MODEL_WARM_UP, times, times.provenNanos(), times.warmNanos(), running));
  }

  private static SpanBuilder span(
      String name, LoadTimes times, long fromNanos, long toNanos, Provenance running) {
    return Span.builder(EmbedFunction.class, name)
        .setStartTsMillis(times.startMillis() + fromNanos / 1_000_000)
        .setEndTsMillis(times.startMillis() + toNanos / 1_000_000)
        .setAttribute("model", running.model())
        .setAttribute("sha256", running.sha256())
        .setAttribute("precision", running.precision())
        .setAttribute("vectorSpace", running.vectorSpace());
  }
}
