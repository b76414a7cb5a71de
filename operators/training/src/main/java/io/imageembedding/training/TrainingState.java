// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.Safetensors;
import io.imageembedding.safety.PrivateFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What training goes on from after an epoch: one file in the safetensors format, which is replaced
 * as a whole.
 *
 * @param values of variables and momentum
 * @param best values of the variables after the best epoch; empty where they are not kept
 * @param history figures of every epoch so far
 * @param fingerprint of model, images and options, which have to stay the same
 */
record TrainingState(
    Map<String, FloatTensor> values,
    Map<String, FloatTensor> best,
    List<EpochFigures> history,
    String fingerprint) {
  private static final String FILE = "checkpoint.safetensors";
  private static final String BEST = "best/";
  private static final String HISTORY = "history";
  private static final String FINGERPRINT = "fingerprint";
  private static final ObjectMapper JSON = new ObjectMapper();

  static Optional<TrainingState> read(Path folder) {
    Path file = folder.resolve(FILE);
    if (Files.notExists(file)) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Files.readAllBytes(file);
      Map<String, String> metadata = Safetensors.metadata(bytes);
      List<EpochFigures> history =
          JSON.readValue(metadata.get(HISTORY), new TypeReference<List<EpochFigures>>() {});
      Map<String, FloatTensor> values = new TreeMap<>();
      Map<String, FloatTensor> best = new TreeMap<>();
      Safetensors.parse(bytes)
          .forEach(
              (name, value) -> {
                if (name.startsWith(BEST)) {
                  best.put(name.substring(BEST.length()), value);
                } else {
                  values.put(name, value);
                }
              });
      return Optional.of(new TrainingState(values, best, history, metadata.get(FINGERPRINT)));
    } catch (IOException | RuntimeException e) {
      throw new FineTuneException(
          file + " cannot be read; remove it to start from the beginning", e);
    }
  }

  void write(Path folder) {
    Path file = folder.resolve(FILE);
    Path temporary = folder.resolve(FILE + ".tmp");
    try {
      try (OutputStream out = Files.newOutputStream(temporary)) {
        PrivateFiles.close(temporary);
        Map<String, FloatTensor> all = new TreeMap<>(values);
        best.forEach((name, value) -> all.put(BEST + name, value));
        Safetensors.write(
            all, Map.of(HISTORY, JSON.writeValueAsString(history), FINGERPRINT, fingerprint), out);
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("figures can always be written", e);
    } catch (IOException e) {
      throw new FineTuneException(file + " cannot be written: " + e.getMessage(), e);
    }
  }
}
