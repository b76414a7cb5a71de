// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.contender.Contenders;
import io.imageembedding.bench.engine.Engines;
import io.imageembedding.bench.report.Machine;
import io.imageembedding.bench.report.Plan;
import io.imageembedding.bench.report.Report;
import io.imageembedding.bench.report.Row;
import io.imageembedding.bench.report.Samples;
import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.bench.worker.Figures;
import io.imageembedding.bench.worker.Python;
import io.imageembedding.bench.worker.WorkerProcess;
import io.imageembedding.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The network alone, from pixels that lie ready to vectors. */
final class InferSection implements Section {
  private static final int CORES = Runtime.getRuntime().availableProcessors();

  private static final String DJL = "DJL PyTorch";

  /** Held against ours in bf16 only. */
  private static final String PLAIN_BF16 = "TensorFlow, plain bf16";

  /** What may give vectors that differ by rounding to bfloat16. */
  private static final Set<String> REDUCED = Set.of(Precision.BF16.key(), Precision.AUTO.key());

  /** A rival: in words, and its process with how many callers it is asked by. */
  private record Competitor(String label, WorkerProcess worker, int callers) {}

  @Override
  public String name() {
    return "infer";
  }

  @Override
  public void measure(Setting setting, Report report) throws Exception {
    List<Competitor> ours = new ArrayList<>();
    List<Competitor> rivals = new ArrayList<>();
    try {
      for (Precision precision : setting.plan().precisions()) {
        String name = precision.key();
        ours.add(java(setting.folder(), name, "ours:" + name, CORES, 1, List.of()));
      }
      addRivals(setting.folder(), setting.plan(), rivals, report);
      for (Competitor one : ours) {
        Precisions.check(one.worker(), one.label(), REDUCED.contains(one.label()));
      }
      dropWhatDoesNotStart(rivals, report);
      List<Competitor> all = new ArrayList<>(ours);
      all.addAll(rivals);
      Map<String, Samples> samples = rounds(setting.plan(), all);
      for (Competitor one : ours.subList(1, ours.size())) {
        add(one, ours.get(0), samples, setting.plan(), report);
      }
      for (Competitor one : ours) {
        for (Competitor rival : rivals) {
          if (!rival.label().equals(PLAIN_BF16) || one.label().equals(Precision.BF16.key())) {
            add(one, rival, samples, setting.plan(), report);
          }
        }
      }
    } finally {
      for (Competitor one : ours) {
        one.worker().close();
      }
      for (Competitor rival : rivals) {
        rival.worker().close();
      }
    }
  }

  private static void addRivals(Path folder, Plan plan, List<Competitor> rivals, Report report)
      throws Exception {
    rivals.add(java(folder, "TensorFlow SavedModel", Engines.SAVED_MODEL, CORES, 1, List.of()));
    rivals.add(
        java(folder, "ONNX Runtime, a caller a core", Engines.ONNX_RUNTIME, CORES, 1, List.of()));
    if (plan != Plan.QUICK) {
      rivals.add(
          java(folder, "ONNX Runtime, its own threads", Engines.ONNX_RUNTIME, 1, CORES, List.of()));
    }
    if (plan == Plan.SMOKE || Machine.read().hasBfloat16()) {
      rivals.add(java(folder, PLAIN_BF16, Engines.PLAIN_BF16, CORES, 1, List.of()));
    }
    List<String> djl =
        List.of(
            "-Dai.djl.offline=true",
            "-DDJL_CACHE_DIR=" + folder.resolve("djl"),
            "-Dai.djl.pytorch.num_threads=1",
            "-Dai.djl.pytorch.num_interop_threads=1");
    rivals.add(java(folder, DJL, Engines.DJL, CORES, 1, djl));
    Optional<Path> openVino =
        Python.rival("infer", "OpenVINO", "openvino", "infer_openvino.py", plan, report);
    if (openVino.isPresent()) {
      WorkerProcess worker =
          WorkerProcess.python(folder, "openvino", openVino.get(), List.of(folder.toString()));
      rivals.add(new Competitor("OpenVINO, throughput hint", worker, 1));
    }
  }

  /** Only DJL may: it may want to fetch what it runs on. */
  private static void dropWhatDoesNotStart(List<Competitor> rivals, Report report)
      throws Exception {
    for (Competitor rival : List.copyOf(rivals)) {
      try {
        check(rival, report);
      } catch (IOException e) {
        if (!rival.label().equals(DJL)) {
          throw e;
        }
        report.note("infer: %s is left out: it did not start".formatted(DJL));
        rivals.remove(rival);
        rival.worker().close();
      }
    }
  }

  private static void check(Competitor rival, Report report) throws IOException {
    if (rival.label().equals(PLAIN_BF16)) {
      double cosine = Precisions.checkPlainBf16(rival.worker(), rival.label());
      report.note("infer: least cosine of %s to fp32: %.4f".formatted(PLAIN_BF16, cosine));
    } else {
      Precisions.check(rival.worker(), rival.label(), false);
    }
  }

  private static Competitor java(
      Path folder, String label, String kind, int callers, int threads, List<String> jvmArguments)
      throws IOException {
    WorkerProcess worker =
        Contenders.start(
            folder,
            "infer/" + kind,
            jvmArguments,
            "threads=%d %s=%d".formatted(threads, Arguments.CALLERS, callers));
    return new Competitor(label, worker, callers);
  }

  private static Map<String, Samples> rounds(Plan plan, List<Competitor> all) throws IOException {
    Map<String, Samples> samples = new LinkedHashMap<>();
    for (int round = plan.firstRound(); round < plan.rounds(); round++) {
      for (int batch : plan.batches()) {
        for (Competitor one : all) {
          double seconds = plan.round().toMillis() / 1e3;
          double rate =
              one.worker()
                  .run(
                      "seconds=%s batch=%d callers=%d"
                          .formatted(round < 0 ? seconds / 3 : seconds, batch, one.callers()),
                      Figures.IMAGES_PER_SECOND);
          if (round >= 0) {
            samples.computeIfAbsent(key(one, batch), key -> new Samples()).add(rate);
          }
        }
      }
    }
    return samples;
  }

  private static String key(Competitor one, int batch) {
    return one.label() + " " + batch;
  }

  private static void add(
      Competitor ours, Competitor rival, Map<String, Samples> samples, Plan plan, Report report) {
    String name = "infer/" + ours.label();
    for (int batch : plan.batches()) {
      report.add(
          Row.rates(
              name + "/batch-" + batch,
              samples.get(key(ours, batch)),
              "images/s",
              rival.label(),
              samples.get(key(rival, batch))));
    }
    report.add(
        Row.rates(
            name,
            best(ours, samples, plan),
            "images/s",
            rival.label() + ", best batch",
            best(rival, samples, plan)));
  }

  private static Samples best(Competitor one, Map<String, Samples> samples, Plan plan) {
    return plan.batches().stream()
        .map(batch -> samples.get(key(one, batch)))
        .max(Comparator.comparingDouble(Samples::median))
        .orElseThrow();
  }
}
