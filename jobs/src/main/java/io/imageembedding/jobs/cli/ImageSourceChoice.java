// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.jobs.serve.ImageSource;
import io.imageembedding.schema.SchemaRegistry;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options by which a command is told where the images of a store may be read. */
final class ImageSourceChoice {

  @Option(
      names = "--images",
      paramLabel = "FOLDER",
      description =
          "Images are read below this folder only. Default: where they were indexed from, and"
              + " nothing that came from a topic.")
  private Path folder;

  @ArgGroup(exclusive = false)
  private Topic topic;

  /** How images are read that came from a topic. */
  private static final class Topic {
    @ArgGroup(exclusive = false, multiplicity = "1")
    private KafkaConnection connection;

    @Option(
        names = "--format",
        paramLabel = "FORMAT",
        defaultValue = "avro",
        description =
            "Of the images' messages: avro, confluent-avro or raw. Default: ${DEFAULT-VALUE}.")
    private String format;

    @Option(names = "--schema-registry", paramLabel = "URL", description = "For confluent-avro.")
    private String registryUrl;

    @Option(
        names = "--schema-registry-credentials-file",
        paramLabel = "FILE",
        description = "File with user:password for the registry.")
    private Path credentials;
  }

  /** The source that was chosen; nothing is asked of it yet. */
  ImageSource open(CommandSpec spec) throws IOException {
    if (folder != null && !Files.isDirectory(folder)) {
      throw new CommandFailure("--images: there is no folder " + folder);
    }
    ImageSource files =
        folder == null ? ImageSource.indexedFiles() : ImageSource.filesBelow(folder);
    return topic == null ? files : files.or(messages(spec));
  }

  private ImageSource messages(CommandSpec spec) throws IOException {
    WireFormat wire;
    try {
      wire = WireFormat.parse(topic.format);
    } catch (IllegalArgumentException e) {
      wire = null;
    }
    if (wire == null || !wire.isInput()) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value for --format: " + topic.format + "; allowed: avro, confluent-avro, raw");
    }
    if (wire == WireFormat.CONFLUENT_AVRO && topic.registryUrl == null) {
      throw new ParameterException(
          spec.commandLine(), "--format confluent-avro needs --schema-registry URL");
    }
    SchemaRegistry registry =
        wire == WireFormat.CONFLUENT_AVRO
            ? new SchemaRegistry(
                topic.registryUrl,
                topic.credentials == null ? null : Files.readString(topic.credentials))
            : null;
    return ImageSource.messages(topic.connection.clientProperties(), wire, registry);
  }
}
