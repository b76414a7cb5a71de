// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.contender.Contenders;
import io.imageembedding.bench.report.Report;
import io.imageembedding.bench.report.Row;
import io.imageembedding.bench.report.Samples;
import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.bench.worker.Figures;
import io.imageembedding.bench.worker.WorkerProcess;
import io.imageembedding.model.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Threads and batches, and memory of several models in one process; slots are measured {@link
 * EndToEndSection end to end}.
 */
final class ScalingSection implements Section {
  private static final List<Integer> BATCHES = List.of(1, 2, 4, 8, 16, 32, 64);
  private static final List<Integer> MODELS = List.of(1, 2, 4, 8);

  @Override
  public String name() {
    return "scaling";
  }

  @Override
  public void measure(Setting setting, Report report) throws Exception {
    try (WorkerProcess inference =
            Contenders.start(
                setting.folder(),
                "infer/ours:" + Precision.FP32.key(),
                List.of(),
                "threads=1 %s=%d".formatted(Arguments.CALLERS, StreamSetup.SLOTS));
        WorkerProcess memory =
            Contenders.start(setting.folder(), "memory/" + Precision.FP32.key(), List.of(), "")) {
      inference.facts();
      memory.facts();
      batches(inference, setting, report);
      threads(setting, report);
      models(memory, report);
    }
  }

  private static void batches(WorkerProcess worker, Setting setting, Report report)
      throws Exception {
    double seconds = setting.plan().round().toMillis() / 1e3;
    Map<Integer, Samples> rates = new LinkedHashMap<>();
    for (int round = 0; round < setting.plan().rounds(); round++) {
      for (int batch : BATCHES) {
        double rate =
            worker.run(
                "seconds=%s batch=%d callers=%d".formatted(seconds, batch, StreamSetup.SLOTS),
                Figures.IMAGES_PER_SECOND);
        rates.computeIfAbsent(batch, key -> new Samples()).add(rate);
      }
    }
    rates.forEach(
        (batch, samples) ->
            report.add(
                Row.rates("scaling/batch-" + batch, samples, "images/s", "batch 1", rates.get(1))));
  }

  private static void threads(Setting setting, Report report) throws Exception {
    double seconds = setting.plan().round().toMillis() / 1e3;
    WorkerProcess loop = setting.streams().loop(Precision.FP32);
    Samples one = new Samples();
    Samples two = new Samples();
    for (int round = 0; round < setting.plan().rounds(); round++) {
      one.add(rate(loop, seconds, 1));
      two.add(rate(loop, seconds, 2));
    }
    report.add(Row.rates("scaling/loop-2-threads", two, "images/s", "1 thread", one));
  }

  private static double rate(WorkerProcess loop, double seconds, int callers) throws Exception {
    return loop.run(
        "seconds=%s batch=%d callers=%d".formatted(seconds, StreamSetup.BATCH, callers),
        Figures.IMAGES_PER_SECOND);
  }

  private static void models(WorkerProcess worker, Report report) throws Exception {
    for (int models : MODELS) {
      double megabytes =
          worker.run(
              "models=%d batch=%d".formatted(models, StreamSetup.BATCH),
              Figures.RESIDENT_MEGABYTES);
      report.add(Row.alone("scaling/models-" + models, Samples.of(megabytes), "MB"));
    }
  }
}
