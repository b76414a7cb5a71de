// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.page.ImageSource;
import io.imageembedding.cli.topic.TopicReader;
import io.imageembedding.schema.DeadLetterReader;
import io.imageembedding.schema.SchemaRegistry;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options by which a command is told how the messages of a topic are written. */
final class WireChoice {

  @Option(
      names = "--format",
      description = "avro, confluent-avro, or raw (images) or json (embeddings). Default: avro.")
  private String format = WireFormat.AVRO.key();

  @Option(names = "--schema-registry", paramLabel = "URL", description = "For confluent-avro.")
  private String registryUrl;

  @Option(
      names = "--schema-registry-credentials-file",
      paramLabel = "FILE",
      description = "File with user:password for the registry.")
  private Path credentials;

  /**
   * A reader of dead letters with their originals in the chosen format.
   *
   * @throws ParameterException if the choice cannot be one
   */
  DeadLetterReader deadLetters(CommandSpec spec) throws IOException {
    WireFormat wire = format(spec, WireFormat.outputs());
    return new DeadLetterReader(wire, registry(spec, wire));
  }

  /**
   * A reader of embeddings and dead letters in the chosen format.
   *
   * @throws ParameterException if the choice cannot be one
   */
  TopicReader reader(CommandSpec spec) throws IOException {
    WireFormat wire = format(spec, WireFormat.outputs());
    return new TopicReader(wire, registry(spec, wire));
  }

  /**
   * Images in messages of the chosen format.
   *
   * @throws ParameterException if the choice cannot be one
   */
  ImageSource images(CommandSpec spec, Properties clientProperties) throws IOException {
    WireFormat wire = format(spec, WireFormat.inputs());
    return ImageSource.messages(clientProperties, wire, registry(spec, wire));
  }

  private WireFormat format(CommandSpec spec, List<WireFormat> allowed) {
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

  /** A client of the registry, or null if the format needs none. */
  private SchemaRegistry registry(CommandSpec spec, WireFormat wire) throws IOException {
    if (!wire.needsRegistry()) {
      return null;
    }
    if (registryUrl == null) {
      throw new ParameterException(
          spec.commandLine(), "--format " + wire.key() + " needs --schema-registry URL");
    }
    return new SchemaRegistry(
        registryUrl, credentials == null ? null : Files.readString(credentials));
  }
}
