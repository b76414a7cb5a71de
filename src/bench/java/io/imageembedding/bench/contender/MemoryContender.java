// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.bench.worker.Contender;
import io.imageembedding.bench.worker.Figures;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What models take of a process's memory, as the kernel counts it. */
final class MemoryContender implements Contender {
  private static final Path STATUS = Path.of("/proc/self/status");

  private final Precision precision;
  private final List<FeatureVectorModel> models = new ArrayList<>();

  MemoryContender(Precision precision) {
    this.precision = precision;
  }

  @Override
  public Map<String, Double> facts() {
    return Map.of();
  }

  /** Loads models until there are as many as asked for, and runs each. */
  @Override
  public Map<String, Double> run(Arguments arguments) throws IOException {
    float[] pixels = new float[Fixtures.PIXELS];
    int batch = arguments.integer("batch");
    while (models.size() < arguments.integer("models")) {
      FeatureVectorModel model = Fixtures.model(precision).load();
      models.add(model);
      try (ImageTensor tensor = model.newInput(batch)) {
        for (int i = 0; i < batch; i++) {
          tensor.append(pixels);
        }
        model.embed(tensor);
      }
    }
    System.gc();
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith("VmRSS:")) {
        return Map.of(
            Figures.RESIDENT_MEGABYTES, Double.parseDouble(line.replaceAll("\\D", "")) / 1024);
      }
    }
    throw new IOException("no VmRSS in " + STATUS);
  }

  @Override
  public void close() {
    models.forEach(FeatureVectorModel::close);
  }
}
