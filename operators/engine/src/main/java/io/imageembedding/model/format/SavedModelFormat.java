// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.optimize.OpenedModel;
import java.nio.file.Files;
import java.nio.file.Path;

/** The directory of a SavedModel, or the file in it. */
@Internal
public final class SavedModelFormat implements ModelFormat {

  @Override
  public String words() {
    return "the directory of a SavedModel (of TensorFlow 2 with or without a signature, or a TF1 Hub"
        + " module)";
  }

  @Override
  public boolean isAt(Path path) {
    return path.endsWith(SavedModelDirectory.FILE) && Files.isRegularFile(path)
        || Files.isRegularFile(path.resolve(SavedModelDirectory.FILE));
  }

  @Override
  public OpenedModel open(String name, Path path, ModelOptions options) {
    Path directory = path.endsWith(SavedModelDirectory.FILE) ? path.getParent() : path;
    return SavedModelDirectory.open(ModelFormat.nameOr(name, directory), directory, options);
  }
}
