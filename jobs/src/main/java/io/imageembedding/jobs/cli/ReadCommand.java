// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.schema.SchemaRegistry;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "read",
    mixinStandardHelpOptions = true,
    description =
        "Prints the embeddings or dead letters of a topic, from its beginning to where its committed"
            + " messages end now.")
final class ReadCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private KafkaConnection connection;

  @Option(names = "--topic", required = true, description = "Topic to read.")
  private String topic;

  @Option(
      names = "--format",
      defaultValue = "avro",
      description = "avro, confluent-avro or json. Default: ${DEFAULT-VALUE}.")
  private String format;

  @Option(names = "--schema-registry", paramLabel = "URL", description = "For confluent-avro.")
  private String registryUrl;

  @Option(
      names = "--schema-registry-credentials-file",
      paramLabel = "FILE",
      description = "File with user:password for the registry.")
  private Path credentials;

  @Option(names = "--max", paramLabel = "N", description = "Stop after N messages.")
  private long max = Long.MAX_VALUE;

  @Option(names = "--json", description = "One JSON object a line, with the vector.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    WireFormat wire = outputFormat();
    Properties properties = connection.clientProperties();
    try (TopicAdmin admin = new TopicAdmin(properties)) {
      admin.requireTopic(topic);
    }
    SchemaRegistry registry =
        wire == WireFormat.CONFLUENT_AVRO
            ? new SchemaRegistry(
                registryUrl, credentials == null ? null : Files.readString(credentials))
            : null;
    PrintWriter out = spec.commandLine().getOut();
    long[] count = {0};
    if (max > 0) {
      new TopicReader(wire, registry)
          .read(
              properties,
              topic,
              answer -> {
                out.println(json ? answer.json() : answer.id() + "  " + answer.summary());
                return ++count[0] < max;
              });
    }
    out.flush();
    if (!json) {
      spec.commandLine().getErr().println(count[0] + " messages in " + topic);
    }
    return ExitCode.OK;
  }

  private WireFormat outputFormat() {
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
    if (wire == WireFormat.CONFLUENT_AVRO && registryUrl == null) {
      throw new ParameterException(
          spec.commandLine(), "--format confluent-avro needs --schema-registry URL");
    }
    return wire;
  }
}
