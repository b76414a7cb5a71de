// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.report.Report;
import io.imageembedding.bench.report.Row;
import io.imageembedding.bench.report.Samples;
import io.imageembedding.bench.worker.Figures;
import io.imageembedding.bench.worker.WorkerProcess;
import io.imageembedding.model.Precision;

/** What the hot path allocates on the heap for an image: decoding, inference, the result. */
final class AllocationSection implements Section {

  @Override
  public String name() {
    return "allocation";
  }

  @Override
  public void measure(Setting setting, Report report) throws Exception {
    WorkerProcess loop = setting.streams().loop(Precision.FP32);
    Samples bytes = new Samples();
    for (int round = setting.plan().firstRound(); round < setting.plan().rounds(); round++) {
      double perImage =
          loop.run(
              "seconds=%s batch=%d callers=1"
                  .formatted(setting.plan().round().toMillis() / 1e3, StreamSetup.BATCH),
              Figures.BYTES_PER_IMAGE);
      if (round >= 0) {
        bytes.add(perImage / 1000);
      }
    }
    report.add(Row.alone("allocation/embedder", bytes, "KB/image"));
  }
}
