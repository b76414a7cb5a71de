// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import com.google.protobuf.Descriptors.Descriptor;
import io.imageembedding.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that hold a description of a network. */
final class ModelFile {
  private static final long MAX_BYTES = 512L << 20;

  private ModelFile() {}

  /**
   * The bytes of a message.
   *
   * @throws ModelException if it cannot be read or is larger than a description can be, in bytes or
   *     fields
   */
  static byte[] bytes(String model, Path file, Descriptor type) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw ModelException.of(
            model, file.getFileName() + " is larger than " + MAX_BYTES + " bytes");
      }
      byte[] bytes = Files.readAllBytes(file);
      MessageBounds.require(model, file.getFileName().toString(), bytes, type);
      return bytes;
    } catch (IOException e) {
      throw ModelException.of(model, file.getFileName() + " cannot be read", e);
    }
  }
}
