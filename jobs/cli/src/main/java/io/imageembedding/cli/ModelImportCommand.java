// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.model.ModelSource;
import io.imageembedding.model.source.ModelInspector;
import java.nio.file.Path;
import picocli.CommandLine.Command;

@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description =
        "Writes any model as a plain SavedModel that every version of TensorFlow serves: constants,"
            + " and the signature serving_default.")
final class ModelImportCommand extends ModelWritingCommand {

  @Override
  void write(ModelSource model, Path directory) {
    ModelInspector.writePlain(model, directory);
  }
}
