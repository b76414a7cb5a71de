// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

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
  static final String RESIDENT_MEGABYTES = "resident MB";
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
    while (models.size() < arguments.integer("models")) {
      FeatureVectorModel model = Precisions.model(precision).load();
      models.add(model);
      try (ImageTensor tensor = model.newInput(StreamSetup.BATCH)) {
        for (int i = 0; i < StreamSetup.BATCH; i++) {
          tensor.append(pixels);
        }
        model.embed(tensor);
      }
    }
    System.gc();
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith("VmRSS:")) {
        return Map.of(RESIDENT_MEGABYTES, Double.parseDouble(line.replaceAll("\\D", "")) / 1024);
      }
    }
    throw new IOException("no VmRSS in " + STATUS);
  }

  @Override
  public void close() {
    models.forEach(FeatureVectorModel::close);
  }
}
