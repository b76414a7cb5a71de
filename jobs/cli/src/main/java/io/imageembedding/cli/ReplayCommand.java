// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.Json;
import io.imageembedding.cli.output.Progress;
import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.kafka.replay.Replay;
import io.imageembedding.kafka.replay.ReplayCounts;
import io.imageembedding.kafka.replay.Selection;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetterReader;
import io.imageembedding.schema.Stage;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import org.apache.flink.util.TimeUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    description = {
      "Sends the original messages of dead letters again, after the cause is mended: key, value,"
          + " headers and time as they came, to the partition that they came from if it is the same"
          + " topic. Header image-embedding-replays counts how often.",
      "What is sent and how far was read are committed together, so a run sends each original once,"
          + " also when it was interrupted or killed: started again with the same selection it goes"
          + " on, and later it takes what has come since. It begins anew with another selection,"
          + " another --run, or when the brokers have forgotten the run"
          + " (offsets.retention.minutes).",
      "Exits with 1 if a dead letter was selected and could not be sent, after all others."
    })
final class ReplayCommand implements Callable<Integer> {
  private static final long PATIENCE_SECONDS = 60;

  /** What time originals are sent with. */
  enum Timestamp {
    ORIGINAL,
    NOW
  }

  @Spec private CommandSpec spec;
  @Mixin private KafkaConnection connection;
  @Mixin private OutputWireChoice wire;

  @Option(names = "--from-topic", required = true, description = "Topic of the dead letters.")
  private String fromTopic;

  @Option(names = "--to-topic", required = true, description = "Topic of the images.")
  private String toTopic;

  @Option(
      names = "--code",
      split = ",",
      paramLabel = "CODE",
      description = "Only dead letters with one of these codes, such as TOO_LARGE.")
  private Set<Code> codes = Set.of();

  @Option(
      names = "--stage",
      split = ",",
      paramLabel = "STAGE",
      description = "Only dead letters of one of these stages, such as image.")
  private Set<Stage> stages = Set.of();

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description =
          "Only what was refused since then: 2026-01-31T12:00:00Z, 2026-01-31 (UTC), or an age such"
              + " as '2 h'.")
  private String since;

  @Option(
      names = "--max-tries",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "Skip originals that were sent again N times already. Default: ${DEFAULT-VALUE}.")
  private int maxTries;

  @Option(
      names = "--timestamp",
      paramLabel = "T",
      defaultValue = "original",
      description =
          "Time of the messages: original or now. A topic deletes messages by their time. Default:"
              + " ${DEFAULT-VALUE}.")
  private Timestamp timestamp;

  @Option(
      names = "--run",
      paramLabel = "NAME",
      description =
          "Name of the run, by which it goes on: consumer group and transactional id. Default: made"
              + " of the topics, codes, stages and time.")
  private String run;

  @Option(names = "--dry-run", description = "Say what would be sent, and send nothing.")
  private boolean dryRun;

  @Option(names = "--json", description = "One JSON object with the counts.")
  private boolean json;

  /** What became of the dead letters, as {@code --json} prints it. */
  private record Counts(
      String run,
      boolean dryRun,
      long deadLetters,
      long replayed,
      Map<Code, Long> codes,
      long notSelected,
      long skipped,
      Map<ReplayCounts.Skipped, Long> reasons) {}

  @Override
  public Integer call() throws IOException {
    if (fromTopic.equals(toTopic)) {
      throw wrong("--to-topic: '" + toTopic + "' is not allowed; allowed: another topic");
    }
    if (maxTries < 1) {
      throw wrong("--max-tries: '" + maxTries + "' is not allowed; allowed: a number from 1");
    }
    DeadLetterReader reader = wire.deadLetters(spec);
    Selection selection =
        new Selection(fromTopic, toTopic, codes, stages, since == null ? null : instant(since));
    String name = run == null ? selection.runName(since) : run;
    Properties properties = connection.clientProperties();
    Long oldest;
    try (TopicAdmin admin = new TopicAdmin(properties)) {
      oldest = oldest(admin);
      properties = admin.answering();
    }
    Replay.Settings settings = new Replay.Settings(name, maxTries, oldest, !dryRun);
    PrintWriter err = spec.commandLine().getErr();
    CountDownLatch ended = new CountDownLatch(1);
    try (ProgressBar progress = Progress.bar(dryRun ? "reading" : "replaying", 0)) {
      Replay replay =
          new Replay(
              selection,
              settings,
              reader,
              (place, why) -> err.println("dead letter " + place + ": " + why),
              (read, all) -> {
                progress.maxHint(all);
                progress.stepTo(read);
              });
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> stop(replay, ended), "stop the replay"));
      try {
        replay.run(properties);
      } finally {
        report(replay, name);
      }
      return replay.counts().skipped() > 0 ? ExitCode.SOFTWARE : ExitCode.OK;
    } finally {
      ended.countDown();
    }
  }

  private void report(Replay replay, String name) {
    ReplayCounts counts = replay.counts();
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        json
            ? Json.line(
                new Counts(
                    name,
                    dryRun,
                    counts.read(),
                    counts.replayed(),
                    counts.replayedByCode(),
                    counts.notSelected(),
                    counts.skipped(),
                    counts.skippedByReason()))
            : (dryRun ? "would replay " : "replayed ")
                + counts.replayed()
                + " of "
                + counts
                + ", to "
                + toTopic
                + (replay.isStopped() ? "; stopped, started again it goes on" : ""));
    out.flush();
    spec.commandLine().getErr().flush();
  }

  /** The oldest timestamp that the topic keeps, if originals get theirs. */
  private Long oldest(TopicAdmin admin) {
    admin.requireTopic(fromTopic);
    admin.requireTopic(toTopic);
    return timestamp == Timestamp.NOW
        ? null
        : admin.oldestKept(toTopic).map(Instant::toEpochMilli).orElse(Long.MIN_VALUE);
  }

  /** Lets the transaction that is under way come to its end. */
  private static void stop(Replay replay, CountDownLatch ended) {
    if (ended.getCount() == 0) {
      return;
    }
    replay.stop();
    try {
      ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      // Perhaps a day, or an age.
    }
    try {
      return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
    } catch (DateTimeException e) {
      // Perhaps an age.
    }
    try {
      return Instant.now().minus(TimeUtils.parseDuration(text));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw wrong(
          "--since: '"
              + text
              + "' is not allowed; allowed: 2026-01-31T12:00:00Z, 2026-01-31, or an age such as"
              + " '2 h'");
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), "Invalid value for " + message);
  }
}
