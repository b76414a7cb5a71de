// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files of the project that are not on the class path. */
final class Documents {
  private Documents() {}

  static String read(String file) throws IOException {
    return Files.readString(Path.of(System.getProperty("image-embedding.project"), file));
  }
}
