// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import io.imageembedding.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** From a topic of photos to an exactly-once topic of embeddings. */
final class EndToEndSection implements Section {
  private static final String OURS = "ours";
  private static final String ONE_SLOT = "1 slot";
  private static final String BEAM = "Beam RunInference, from Python";
  private static final String LOOP = "bare loop without Flink and Kafka";
  private static final String UNIT = "images/s";

  @Override
  public String name() {
    return "end-to-end";
  }

  @Override
  public void measure(Bench.Setting setting, Report report) throws Exception {
    StreamSetup setup = setting.streams();
    Map<String, WorkerProcess> jobs = new LinkedHashMap<>();
    jobs.put(OURS, setup.ours());
    jobs.put(ONE_SLOT, setup.ours());
    jobs.put(
        "job written first, SavedModel", setup.worker("job/" + Engines.SAVED_MODEL, "threads=1"));
    jobs.put(
        "job written first, ONNX Runtime",
        setup.worker("job/" + Engines.ONNX_RUNTIME, "threads=1"));
    WorkerProcess loop = setup.loop(Precision.FP32);
    setup.publish(loop);
    WorkerProcess beam = beam(setup, report);
    Map<String, Samples> rates = new LinkedHashMap<>();
    Samples taskBytes = new Samples();
    Samples allBytes = new Samples();
    for (int round = setting.effort().firstRound();
        round < setting.effort().streamRounds();
        round++) {
      double seconds = setting.effort().stream().toMillis() / 1e3;
      double warmUp = setting.effort().streamWarmUp().toMillis() / 1e3;
      for (Map.Entry<String, WorkerProcess> job : jobs.entrySet()) {
        if (round < 0 && job.getKey().equals(ONE_SLOT)) {
          continue;
        }
        StreamSetup.Streamed streamed =
            setup.run(
                job.getValue(),
                job.getKey().equals(ONE_SLOT) ? 1 : StreamSetup.SLOTS,
                warmUp,
                round < 0 ? seconds / 5 : seconds);
        if (round >= 0) {
          add(rates, job.getKey(), streamed.imagesPerSecond());
          if (job.getKey().equals(OURS)) {
            add(taskBytes, streamed, JobContender.TASK_BYTES);
            add(allBytes, streamed, JobContender.ALL_BYTES);
          }
        }
      }
      if (round >= 0) {
        add(rates, LOOP, StreamSetup.loopRate(loop, seconds));
      }
      if (round >= 0 && beam != null) {
        add(rates, BEAM, beam.run("seconds=" + seconds).get(InferenceContender.IMAGES_PER_SECOND));
      }
    }
    report(rates, report);
    report.add(Row.alone("allocation/job-tasks", taskBytes, "KB/image"));
    report.add(Row.alone("allocation/job-process", allBytes, "KB/image"));
    photoSize(setting.folder(), report);
  }

  /** Null where Python has no Beam. */
  private static WorkerProcess beam(StreamSetup setup, Report report) throws Exception {
    if (!Python.has("apache_beam, tensorflow")) {
      report.note(
          "end-to-end: Beam is left out: %s has none, or no TensorFlow"
              .formatted(Path.of(Python.INTERPRETER).getFileName()));
      return null;
    }
    return setup.python("beam", "end_to_end_beam.py");
  }

  private static void add(Map<String, Samples> rates, String name, double rate) {
    rates.computeIfAbsent(name, key -> new Samples()).add(rate);
  }

  private static void add(Samples bytes, StreamSetup.Streamed streamed, String figure) {
    bytes.add(streamed.figures().get(figure) / streamed.imagesPerSecond() / 1000);
  }

  private static void report(Map<String, Samples> rates, Report report) {
    Samples ours = rates.remove(OURS);
    Samples oneSlot = rates.remove(ONE_SLOT);
    rates.forEach(
        (label, theirs) -> report.add(Row.rates("end-to-end", ours, UNIT, label, theirs)));
    report.add(Row.rates("scaling/job-2-slots", ours, UNIT, ONE_SLOT, oneSlot));
  }

  private static void photoSize(Path folder, Report report) throws IOException {
    double mean =
        Fixtures.photos(folder).stream().mapToInt(photo -> photo.length).average().orElseThrow();
    report.note("end-to-end: a photo has %s KB".formatted(Report.figure(mean / 1000)));
  }
}
