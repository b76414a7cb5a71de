// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.Result;
import io.imageembedding.cli.topic.TopicReader;
import io.imageembedding.kafka.TopicAdmin;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "read",
    mixinStandardHelpOptions = true,
    description =
        "Prints the embeddings, deletions or dead letters of a topic, from its beginning to where its committed"
            + " messages end now.")
final class ReadCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private KafkaConnection connection;
  @Mixin private WireChoice wire;

  @Option(names = "--topic", required = true, description = "Topic to read.")
  private String topic;

  @Option(names = "--max", paramLabel = "N", description = "Stop after N messages.")
  private long max = Long.MAX_VALUE;

  @Option(names = "--json", description = "One JSON object a line, with the vector.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    TopicReader reader = wire.reader(spec);
    Properties properties = connection.clientProperties();
    try (TopicAdmin admin = new TopicAdmin(properties)) {
      admin.requireTopic(topic);
      properties = admin.answering();
    }
    PrintWriter out = spec.commandLine().getOut();
    long[] count = {0};
    if (max > 0) {
      reader.read(
          properties,
          topic,
          message -> {
            Result answer = message.answer();
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
}
