// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.model.network.MobileNetV2;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** What a training leaves for people: its figures, and two charts of them. */
final class TrainingReport {
  private TrainingReport() {}

  static void write(
      Path output, MobileNetV2 network, FineTuneOptions options, FineTuneResult result) {
    Map<String, Object> report = new TreeMap<>();
    String patience =
        options.patience().isPresent() ? " patience=" + options.patience().getAsInt() : "";
    report.put("options", options.fingerprint() + " epochs=" + options.epochs() + patience);
    report.put("network", network.name());
    report.put("labels", result.labels());
    report.put("history", result.history());
    report.put("epoch", result.epoch());
    report.put("confusion", result.confusion());
    report.put("misclassified", result.misclassified());
    report.put("validated", result.validated());
    report.put("skipped", result.skipped());
    try {
      Files.writeString(
          output.resolve("learning-curve.svg"), Charts.learningCurve(result.history()));
      Files.writeString(
          output.resolve("confusion-matrix.svg"),
          Charts.confusionMatrix(result.labels(), result.confusion()));
      new ObjectMapper()
          .writerWithDefaultPrettyPrinter()
          .writeValue(output.resolve("training.json").toFile(), report);
    } catch (IOException e) {
      throw new FineTuneException(output + " cannot be written: " + e.getMessage(), e);
    }
  }
}
