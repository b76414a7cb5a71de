// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.report.Report;
import io.imageembedding.bench.report.Row;
import io.imageembedding.bench.report.Samples;
import io.imageembedding.bench.topic.PacedProducer;
import io.imageembedding.bench.topic.Topics;
import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.bench.worker.Figures;
import io.imageembedding.bench.worker.WorkerProcess;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * From the time that an image was due on its topic to the time that its embedding was appended to
 * the other, seen by readers of uncommitted messages.
 */
final class LatencySection implements Section {
  private static final List<Double> LOADS = List.of(0.25, 0.5, 0.8);

  /** Of the slack before the first load, in which the job's code gets warm. */
  private static final double WARM_UP_LOAD = 0.5;

  private static final double MOST_PAUSE_SECONDS = 1;

  /** What a job that has fallen behind is given in the end. */
  private static final double MOST_TAIL_SECONDS = 5;

  private static final Map<String, Double> PERCENTILES = new LinkedHashMap<>();

  /** Settings of the job by name; the one place where a latency budget is set. */
  private static final Map<String, String> SETTINGS = new LinkedHashMap<>();

  static {
    PERCENTILES.put("p50", 0.5);
    PERCENTILES.put("p95", 0.95);
    PERCENTILES.put("p99", 0.99);
    PERCENTILES.put("p99.9", 0.999);
    SETTINGS.put("default", "");
    SETTINGS.put("budget-100ms", EmbedOptions.BATCH_LATENCY_BUDGET.key() + "=100ms");
  }

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public void measure(Setting setting, Report report) throws Exception {
    double seconds = setting.plan().latency().toMillis() / 1e3;
    List<byte[]> photos = Fixtures.photos(setting.folder());
    StreamSetup setup = setting.streams();
    WorkerProcess loop = setup.loop(Precision.FP32);
    Samples service =
        serviceTime(loop, setting.plan().round().toMillis() / 1e3, setting.plan().rounds());
    setup.publish(loop);
    WorkerProcess job = setup.ours();
    double warmUp = setting.plan().streamWarmUp().toMillis() / 1e3;
    StreamSetup.Streamed saturated =
        setup.run(
            job,
            StreamSetup.SLOTS,
            warmUp,
            setting.plan().stream().toMillis() / 1e3,
            Arguments.PROFILE + "=true");
    double capacity = saturated.imagesPerSecond();
    saturated
        .figures()
        .forEach(
            (name, share) -> {
              if (name.startsWith(Figures.PROFILE)) {
                report.add(Row.alone(name, Samples.of(share), "% of busy"));
              }
            });
    report.add(Row.alone("latency/service-time", service, "ms"));
    report.add(Row.alone("latency/capacity", Samples.of(capacity), "images/s"));
    for (Map.Entry<String, String> settings : SETTINGS.entrySet()) {
      Run run =
          new Run(setup, job, photos, capacity, seconds, settings.getKey(), settings.getValue());
      run.measure(report)
          .forEach((load, sorted) -> add(settings.getKey(), load, sorted, service, report));
    }
  }

  private static Samples serviceTime(WorkerProcess loop, double seconds, int rounds)
      throws IOException {
    Samples times = new Samples();
    for (int i = 0; i < rounds; i++) {
      double rate =
          loop.run("seconds=%s batch=1 callers=1".formatted(seconds), Figures.IMAGES_PER_SECOND);
      times.add(1000 / rate);
    }
    return times;
  }

  private static void add(
      String settings, double load, double[] sorted, Samples service, Report report) {
    PERCENTILES.forEach(
        (name, share) -> {
          int index = (int) Math.min(sorted.length - 1, Math.floor(share * sorted.length));
          Samples latency = Samples.of(sorted[index]);
          report.add(
              Row.multiple(
                  "latency/%s/%.0f%%/%s".formatted(settings, load * 100, name),
                  latency,
                  "ms",
                  "single-image service time",
                  service.median()));
        });
  }

  /** One job under one load after the other. */
  private record Run(
      StreamSetup setup,
      WorkerProcess job,
      List<byte[]> photos,
      double capacity,
      double seconds,
      String name,
      String settings) {

    Map<Double, double[]> measure(Report report) throws Exception {
      Topics topics = setup.topics();
      String input = topics.createInput("paced");
      String output = topics.createOutput("paced-vectors");
      String deadLetters = topics.createOutput("paced-dead-letters");
      double tail = Math.max(MOST_PAUSE_SECONDS, Math.min(MOST_TAIL_SECONDS, seconds / 2));
      double all = LOADS.size() * (seconds + pause()) + seconds / 2 + tail;
      ExecutorService running = Executors.newSingleThreadExecutor();
      try {
        Future<?> ended =
            running.submit(
                () ->
                    job.run(
                        "seconds=%s warmup=0 slots=%d checkpoints=%d servers=%s input=%s output=%s dead-letters=%s %s"
                            .formatted(
                                all,
                                StreamSetup.SLOTS,
                                setup.plan().checkpoints().toMillis(),
                                topics.servers(),
                                input,
                                output,
                                deadLetters,
                                settings)));
        Map<Double, Map<String, Long>> due = new LinkedHashMap<>();
        try (PacedProducer producer = new PacedProducer(topics, input, photos)) {
          producer.send("first", 1, 1);
          topics.awaitOutput(output);
          producer.send("warm", WARM_UP_LOAD * capacity, seconds / 2);
          for (double load : LOADS) {
            Thread.sleep((long) (pause() * 1000));
            due.put(load, producer.send("load-" + load, load * capacity, seconds));
          }
        }
        ended.get();
        return latencies(due, topics.read(output), report);
      } finally {
        running.shutdownNow();
      }
    }

    private double pause() {
      return Math.min(MOST_PAUSE_SECONDS, seconds / 5);
    }

    private Map<Double, double[]> latencies(
        Map<Double, Map<String, Long>> due, List<Topics.Written> written, Report report)
        throws IOException {
      Map<String, Long> done = new LinkedHashMap<>();
      written.forEach(one -> done.putIfAbsent(one.key(), one.timestamp()));
      Map<Double, double[]> latencies = new LinkedHashMap<>();
      for (Map.Entry<Double, Map<String, Long>> load : due.entrySet()) {
        long missing =
            load.getValue().keySet().stream().filter(key -> !done.containsKey(key)).count();
        if (missing > 0) {
          report.note(
              "latency: at %.0f %% of capacity the job fell behind: %d of %d images had no embedding in the end"
                  .formatted(load.getKey() * 100, missing, load.getValue().size()));
          continue;
        }
        List<Double> millis = new ArrayList<>();
        List<String> lines = new ArrayList<>(List.of("due,millis"));
        for (Map.Entry<String, Long> image : load.getValue().entrySet()) {
          double latency = Math.max(1, done.get(image.getKey()) - image.getValue());
          millis.add(latency);
          lines.add("%d,%.0f".formatted(image.getValue(), latency));
        }
        Files.write(
            setup.folder().resolve("latency-%s-%.0f.csv".formatted(name, load.getKey() * 100)),
            lines);
        double[] sorted = millis.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        latencies.put(load.getKey(), sorted);
      }
      return latencies;
    }
  }
}
