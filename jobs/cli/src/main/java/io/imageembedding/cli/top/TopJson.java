// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.top;

import io.imageembedding.cli.cluster.ClusterJob;
import io.imageembedding.cli.cluster.JobSnapshot;
import io.imageembedding.cli.cluster.JobSnapshot.Place;
import io.imageembedding.cli.figures.Checkpoints;
import io.imageembedding.cli.figures.Figures;
import io.imageembedding.cli.figures.JobFigures;
import io.imageembedding.cli.figures.Stage;
import io.imageembedding.cli.output.Json;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A job at one moment as {@code --json} prints it; what is not known is left out. */
record TopJson(
    String time,
    String job,
    String name,
    String state,
    long restarts,
    Images images,
    Checkpoints checkpoints,
    String failure,
    List<Subtask> subtasks) {

  static String line(
      ClusterJob job, JobSnapshot snapshot, JobFigures figures, boolean withSubtasks) {
    return Json.line(
        new TopJson(
            Instant.now().toString(),
            job.id(),
            job.name(),
            snapshot.state(),
            snapshot.restarts(),
            Images.of(figures.job()),
            snapshot.checkpoints(),
            snapshot.failure(),
            withSubtasks
                ? figures.subtasks().entrySet().stream()
                    .map(
                        each ->
                            new Subtask(
                                each.getKey(),
                                snapshot.places().get(each.getKey()),
                                Images.of(each.getValue())))
                    .toList()
                : null));
  }

  private record Subtask(int subtask, Place place, Images images) {}

  private record Images(
      long in,
      long out,
      long refused,
      Map<String, Long> refusedByCode,
      Map<String, Long> refusedByStore,
      Double inPerSecond,
      Double outPerSecond,
      Double refusedPerSecond,
      Long lag,
      Double batchSize,
      Map<String, Double> millisPerImage,
      Map<String, Double> share,
      Double latencyMillis) {

    static Images of(Figures figures) {
      Map<String, Double> millis = new TreeMap<>();
      Map<String, Double> share = new TreeMap<>();
      for (Stage stage : Stage.values()) {
        if (figures.share(stage) != null) {
          millis.put(stage.key(), figures.millisPerImage().get(stage));
          share.put(stage.key(), figures.share(stage));
        }
      }
      return new Images(
          figures.in(),
          figures.out(),
          figures.refused(),
          figures.refusedByCode(),
          figures.refusedByStore(),
          figures.inPerSecond(),
          figures.outPerSecond(),
          figures.refusedPerSecond(),
          figures.lag(),
          figures.batchSize(),
          millis,
          share,
          figures.latencyMillis());
    }
  }
}
