// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.index.ImageFile;
import io.imageembedding.cli.output.Progress;
import io.imageembedding.cli.topic.ImagePublisher;
import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "publish",
    mixinStandardHelpOptions = true,
    description =
        "Publishes files to a topic, one message each. The id is the path below the folder that is"
            + " named, or the name of a file that is named itself; it is the key, too. Hidden files"
            + " are left out; whether a file is an image is for the job to find out. A file whose"
            + " name is no text, or whose id another one has, is refused, and the exit code is 1.")
final class PublishCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private KafkaConnection connection;

  @Option(names = "--topic", required = true, description = "Topic of the images.")
  private String topic;

  @Option(
      names = "--format",
      defaultValue = "avro",
      description = "avro (ImageRecord) or raw (the file itself). Default: ${DEFAULT-VALUE}.")
  private String format;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      description = "Create the topic with N partitions if there is none.")
  private Integer partitions;

  @Parameters(arity = "1..*", paramLabel = "PATH", description = "Files and folders.")
  private List<Path> paths;

  @Override
  public Integer call() throws IOException {
    if (!format.equals("avro") && !format.equals("raw")) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for --format: " + format + "; allowed: avro, raw");
    }
    if (partitions != null && partitions < 1) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value for --partitions: " + partitions + "; allowed: from 1");
    }
    PrintWriter err = spec.commandLine().getErr();
    long[] refused = {0};
    List<ImageFile> files =
        ImageFile.below(
            paths,
            (file, why) -> {
              refused[0]++;
              err.println(file + ": " + why);
            });
    Properties properties = connection.clientProperties();
    try (TopicAdmin admin = new TopicAdmin(properties)) {
      if (partitions != null) {
        admin.createIfMissing(topic, partitions);
      }
      admin.requireTopic(topic);
      properties = admin.answering();
    }
    try (ImagePublisher publisher =
            new ImagePublisher(properties, topic, WireFormat.parse(format));
        ProgressBar progress = Progress.bar("publishing", files.size())) {
      for (ImageFile file : files) {
        publisher.publish(file.id(), Files.readAllBytes(file.file()));
        progress.step();
      }
      publisher.flush();
    }
    err.flush();
    spec.commandLine()
        .getOut()
        .println(
            "published "
                + files.size()
                + " files to "
                + topic
                + (refused[0] == 0 ? "" : ", " + refused[0] + " refused"));
    return refused[0] == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
  }
}
