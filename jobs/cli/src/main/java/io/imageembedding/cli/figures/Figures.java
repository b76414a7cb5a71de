// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.figures;

import java.util.Map;
import java.util.SortedMap;
import org.apache.flink.annotation.Internal;

/**
 * What a job, or one subtask of it, has done since it was first looked at or began, and how it does
 * now. What is null is not known: rates and times need two readings, and times need images.
 *
 * @param refused by the operator that embeds; what a store refuses is not in it
 * @param refusedByCode codes that there were
 * @param refusedByStore reasons that there were
 * @param batchSize images in a batch, on average
 * @param millisPerImage of the stages that took any time, on average
 * @param latencyMillis from a message's timestamp to its answer, on average
 */
@Internal
public record Figures(
    long in,
    long out,
    long refused,
    SortedMap<String, Long> refusedByCode,
    SortedMap<String, Long> refusedByStore,
    Double inPerSecond,
    Double outPerSecond,
    Double refusedPerSecond,
    Long lag,
    Double batchSize,
    Map<Stage, Double> millisPerImage,
    Double latencyMillis) {

  /** The part of the stage in the time of all stages, 0 to 1; null if it took none. */
  public Double share(Stage stage) {
    double all = millisPerImage.values().stream().mapToDouble(Double::doubleValue).sum();
    Double part = millisPerImage.get(stage);
    return part == null || all == 0 ? null : part / all;
  }
}
