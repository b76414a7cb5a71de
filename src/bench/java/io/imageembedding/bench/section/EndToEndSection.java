// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.engine.Engines;
import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.report.Machine;
import io.imageembedding.bench.report.Report;
import io.imageembedding.bench.report.Row;
import io.imageembedding.bench.report.Samples;
import io.imageembedding.bench.worker.Figures;
import io.imageembedding.bench.worker.Python;
import io.imageembedding.bench.worker.WorkerProcess;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** From a topic of photos to an exactly-once topic of embeddings. */
final class EndToEndSection implements Section {
  private static final String OURS = "ours";
  private static final String OURS_BF16 = "ours in bf16";
  private static final String ONE_SLOT = "1 slot";
  private static final String BEAM = "Beam RunInference, from Python";
  private static final String LOOP = "bare loop without Flink and Kafka";
  private static final String UNIT = "images/s";

  /** What a job before them has warmed already. */
  private static final Set<String> OF_THE_SAME_WORKER = Set.of(OURS_BF16, ONE_SLOT);

  @Override
  public String name() {
    return "end-to-end";
  }

  /** A job, and how it is run. */
  private record Job(WorkerProcess worker, int slots, String... settings) {}

  @Override
  public void measure(Setting setting, Report report) throws Exception {
    StreamSetup setup = setting.streams();
    Map<String, Job> jobs = jobs(setup);
    WorkerProcess beam = beam(setup, report);
    WorkerProcess loop = setup.loop(Precision.FP32);
    for (Job job : jobs.values()) {
      job.worker().facts();
    }
    if (beam != null) {
      Precisions.check(beam, BEAM, false);
    }
    setup.publish(loop);
    double seconds = setting.plan().stream().toMillis() / 1e3;
    double warmUp = setting.plan().streamWarmUp().toMillis() / 1e3;
    Map<String, Samples> rates = new LinkedHashMap<>();
    Samples taskBytes = new Samples();
    Samples allBytes = new Samples();
    for (int round = setting.plan().firstRound(); round < setting.plan().streamRounds(); round++) {
      for (Map.Entry<String, Job> entry : jobs.entrySet()) {
        Job job = entry.getValue();
        if (round < 0 && OF_THE_SAME_WORKER.contains(entry.getKey())) {
          continue;
        }
        StreamSetup.Streamed streamed =
            setup.run(job.worker(), job.slots(), warmUp, seconds, job.settings());
        if (round >= 0) {
          add(rates, entry.getKey(), streamed.imagesPerSecond());
          if (entry.getKey().equals(OURS)) {
            add(taskBytes, streamed, Figures.TASK_BYTES);
            add(allBytes, streamed, Figures.ALL_BYTES);
          }
        }
      }
      if (round >= 0) {
        add(rates, LOOP, StreamSetup.loopRate(loop, seconds));
      }
      if (beam != null) {
        double rate = beam.run("seconds=" + seconds, Figures.IMAGES_PER_SECOND);
        if (round >= 0) {
          add(rates, BEAM, rate);
        }
      }
    }
    report(rates, report);
    report.add(Row.alone("allocation/job-tasks", taskBytes, "KB/image"));
    report.add(Row.alone("allocation/job-process", allBytes, "KB/image"));
    photoSize(setting.folder(), report);
  }

  private static Map<String, Job> jobs(StreamSetup setup) throws IOException {
    Map<String, Job> jobs = new LinkedHashMap<>();
    jobs.put(OURS, new Job(setup.ours(), StreamSetup.SLOTS));
    if (Machine.read().hasBfloat16()) {
      jobs.put(
          OURS_BF16,
          new Job(
              setup.ours(),
              StreamSetup.SLOTS,
              EmbedOptions.MODEL_PRECISION.key() + "=" + Precision.BF16.key()));
    }
    jobs.put(ONE_SLOT, new Job(setup.ours(), 1));
    for (Map.Entry<String, String> rival :
        Map.of("SavedModel", Engines.SAVED_MODEL, "ONNX Runtime", Engines.ONNX_RUNTIME)
            .entrySet()) {
      jobs.put(
          "job written first, " + rival.getKey(),
          new Job(setup.worker("job/" + rival.getValue(), "threads=1"), StreamSetup.SLOTS));
    }
    return jobs;
  }

  /** Null where Python has no Beam. */
  private static WorkerProcess beam(StreamSetup setup, Report report) throws Exception {
    Optional<Path> script =
        Python.rival(
            "end-to-end",
            "Beam",
            "apache_beam, tensorflow",
            "end_to_end_beam.py",
            setup.plan(),
            report);
    return script.isPresent() ? setup.python("beam", script.get()) : null;
  }

  private static void add(Map<String, Samples> rates, String name, double rate) {
    rates.computeIfAbsent(name, key -> new Samples()).add(rate);
  }

  private static void add(Samples bytes, StreamSetup.Streamed streamed, String figure) {
    bytes.add(streamed.figures().get(figure) / streamed.imagesPerSecond() / 1000);
  }

  private static void report(Map<String, Samples> rates, Report report) {
    Samples ours = rates.remove(OURS);
    Samples oursBf16 = rates.remove(OURS_BF16);
    Samples oneSlot = rates.remove(ONE_SLOT);
    rates.forEach(
        (label, theirs) -> report.add(Row.rates("end-to-end", ours, UNIT, label, theirs)));
    if (oursBf16 != null) {
      report.add(Row.rates("end-to-end/bf16", oursBf16, UNIT, "fp32", ours));
      rates.remove(LOOP);
      rates.forEach(
          (label, theirs) ->
              report.add(Row.rates("end-to-end/bf16", oursBf16, UNIT, label, theirs)));
    }
    report.add(Row.rates("scaling/job-2-slots", ours, UNIT, ONE_SLOT, oneSlot));
  }

  private static void photoSize(Path folder, Report report) throws IOException {
    double mean =
        Fixtures.photos(folder).stream().mapToInt(photo -> photo.length).average().orElseThrow();
    report.note("end-to-end: a photo has %s KB".formatted(Report.figure(mean / 1000)));
  }
}
