// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.model.ModelSource;
import io.imageembedding.model.export.ReusableSavedModel;
import io.imageembedding.model.source.TrainableNetworks;
import java.nio.file.Path;
import picocli.CommandLine.Command;

@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description =
        "Writes a MobileNetV2 as a reusable SavedModel that TensorFlow's Python loads, calls and"
            + " trains (hub.KerasLayer(DIR, trainable=True)).")
final class ModelExportCommand extends ModelWritingCommand {

  @Override
  void write(ModelSource model, Path directory) {
    ReusableSavedModel.write(
        directory, TrainableNetworks.read(model), TrainableNetworks.labels(model));
  }
}
