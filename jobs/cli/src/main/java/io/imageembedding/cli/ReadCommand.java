// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.Result;
import io.imageembedding.cli.topic.TopicReader;
import io.imageembedding.cli.topic.TopicReader.Message;
import io.imageembedding.kafka.TopicAdmin;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
        "Prints the embeddings, deletions or dead letters of a topic, from its beginning to where its"
            + " committed messages end now: what became of each image, the message that it came in,"
            + " and when. Times in JSON are milliseconds since 1970-01-01 UTC.")
final class ReadCommand implements Callable<Integer> {
  private static final long PATIENCE_SECONDS = 10;

  @Spec private CommandSpec spec;
  @Mixin private KafkaConnection connection;
  @Mixin private OutputWireChoice wire;

  @Option(names = "--topic", required = true, description = "Topic to read.")
  private String topic;

  @Option(names = "--max", paramLabel = "N", description = "Stop after N messages.")
  private long max = Long.MAX_VALUE;

  @Option(
      names = "--follow",
      description = "Go on with what comes into the topic later, until Ctrl-C.")
  private boolean follow;

  @Option(names = "--json", description = "One JSON object a line, with the vector.")
  private boolean json;

  /** Prints messages as they come. */
  private final class Printing implements TopicReader.Sink {
    private final PrintWriter out = spec.commandLine().getOut();
    private long count;

    @Override
    public boolean accept(Message message) throws IOException {
      try {
        Result answer = message.answer();
        out.println(json ? answer.json() : answer.row());
      } catch (CommandFailure e) {
        // What is followed for days does not end with one message that somebody else has written.
        if (!follow) {
          throw e;
        }
        spec.commandLine().getErr().println(e.getMessage());
      }
      return ++count < max;
    }

    @Override
    public void progress(long read, long all) {
      out.flush();
    }
  }

  @Override
  public Integer call() throws IOException {
    if (max < 1) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for --max: " + max + "; allowed: from 1");
    }
    TopicReader reader = wire.reader(spec);
    Properties properties = connection.clientProperties();
    try (TopicAdmin admin = new TopicAdmin(properties)) {
      admin.requireTopic(topic);
      if (!follow) {
        // What follows for days begins anew with any of the list, should all brokers have moved.
        properties = admin.answering();
      }
    }
    Printing printing = new Printing();
    if (follow) {
      follow(reader, properties, printing);
    } else {
      reader.read(properties, topic, printing);
    }
    printing.out.flush();
    if (!json) {
      spec.commandLine().getErr().println(printing.count + " messages in " + topic);
    }
    return ExitCode.OK;
  }

  private void follow(TopicReader reader, Properties properties, Printing printing)
      throws IOException {
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(reader, ended), "stop reading"));
    try {
      reader.follow(properties, topic, printing);
    } finally {
      printing.out.flush();
      ended.countDown();
    }
  }

  /** Lets the messages that are at hand be printed. */
  private static void stop(TopicReader reader, CountDownLatch ended) {
    reader.stop();
    try {
      ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
