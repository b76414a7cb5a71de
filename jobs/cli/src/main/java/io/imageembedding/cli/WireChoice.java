// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.schema.SchemaRegistry;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options by which a command is told how the messages of a topic are written. */
abstract class WireChoice {

  @Option(names = "--schema-registry", paramLabel = "URL", description = "For confluent-avro.")
  private String registryUrl;

  @Option(
      names = "--schema-registry-credentials-file",
      paramLabel = "FILE",
      description = "File with user:password for the registry.")
  private Path credentials;

  /**
   * The format that was chosen.
   *
   * @throws ParameterException if it is none of those that are allowed
   */
  static WireFormat format(CommandSpec spec, String format, List<WireFormat> allowed) {
    return allowed.stream()
        .filter(wire -> wire.key().equals(format))
        .findFirst()
        .orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(),
                    "Invalid value for --format: "
                        + format
                        + "; allowed: "
                        + WireFormat.keys(allowed)));
  }

  /**
   * A client of the registry, or null if the format needs none.
   *
   * @throws ParameterException if it needs one, and none is named
   */
  final SchemaRegistry registry(CommandSpec spec, WireFormat wire) {
    if (!wire.needsRegistry()) {
      return null;
    }
    if (registryUrl == null) {
      throw new ParameterException(
          spec.commandLine(), "--format " + wire.key() + " needs --schema-registry URL");
    }
    return new SchemaRegistry(registryUrl, credentials == null ? null : read(credentials));
  }

  private static String read(Path credentials) {
    try {
      return Files.readString(credentials);
    } catch (IOException e) {
      throw new CommandFailure(
          "--schema-registry-credentials-file: " + credentials + " cannot be read", e);
    }
  }
}
