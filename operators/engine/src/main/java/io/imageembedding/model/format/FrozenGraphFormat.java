// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import io.imageembedding.annotation.Internal;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.optimize.OpenedModel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A graph whose variables are constants, in one file. */
@Internal
public final class FrozenGraphFormat implements ModelFormat {
  private static final String END = ".pb";

  @Override
  public String words() {
    return "a frozen graph (.pb)";
  }

  @Override
  public boolean isAt(Path path) {
    return path.toString().endsWith(END) && Files.isRegularFile(path);
  }

  @Override
  public OpenedModel open(String name, Path path, ModelOptions options) {
    String file = ModelFormat.nameOr(name, path);
    return FrozenGraph.open(
        file.endsWith(END) ? file.substring(0, file.length() - END.length()) : file, path, options);
  }
}
