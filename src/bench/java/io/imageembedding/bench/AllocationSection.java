// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import io.imageembedding.model.Precision;
import java.util.Map;

/** What the hot path allocates on the heap for an image: decoding, inference, the result. */
final class AllocationSection implements Section {

  @Override
  public String name() {
    return "allocation";
  }

  @Override
  public void measure(Bench.Setting setting, Report report) throws Exception {
    WorkerProcess loop = setting.streams().loop(Precision.FP32);
    Samples bytes = new Samples();
    for (int round = setting.effort().firstRound(); round < setting.effort().rounds(); round++) {
      Map<String, Double> figures =
          loop.run(
              "seconds=%s batch=%d callers=1"
                  .formatted(setting.effort().round().toMillis() / 1e3, StreamSetup.BATCH));
      if (round >= 0) {
        bytes.add(figures.get(LoopContender.BYTES_PER_IMAGE) / 1000);
      }
    }
    report.add(Row.alone("allocation/embedder", bytes, "KB/image"));
  }
}
