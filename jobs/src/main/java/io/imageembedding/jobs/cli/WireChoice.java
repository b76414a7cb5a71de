// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.schema.SchemaRegistry;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options by which a command is told how embeddings and dead letters are written in a topic. */
final class WireChoice {

  @Option(names = "--format", description = "avro, confluent-avro or json. Default: avro.")
  private String format = WireFormat.AVRO.key();

  @Option(names = "--schema-registry", paramLabel = "URL", description = "For confluent-avro.")
  private String registryUrl;

  @Option(
      names = "--schema-registry-credentials-file",
      paramLabel = "FILE",
      description = "File with user:password for the registry.")
  private Path credentials;

  /**
   * A reader of the chosen format.
   *
   * @throws ParameterException if the choice cannot be one
   */
  TopicReader reader(CommandSpec spec) throws IOException {
    WireFormat wire;
    try {
      wire = WireFormat.parse(format);
    } catch (IllegalArgumentException e) {
      wire = null;
    }
    if (wire == null || !wire.isOutput()) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value for --format: " + format + "; allowed: avro, confluent-avro, json");
    }
    if (wire != WireFormat.CONFLUENT_AVRO) {
      return new TopicReader(wire, null);
    }
    if (registryUrl == null) {
      throw new ParameterException(
          spec.commandLine(), "--format confluent-avro needs --schema-registry URL");
    }
    return new TopicReader(
        wire,
        new SchemaRegistry(
            registryUrl, credentials == null ? null : Files.readString(credentials)));
  }
}
