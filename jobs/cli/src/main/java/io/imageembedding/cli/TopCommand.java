// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.cluster.ClusterJob;
import io.imageembedding.cli.cluster.FlinkRest;
import io.imageembedding.cli.cluster.JobSnapshot;
import io.imageembedding.cli.cluster.RestAddress;
import io.imageembedding.cli.cluster.RestFailure;
import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.Screen;
import io.imageembedding.cli.output.TerminalSize;
import io.imageembedding.cli.top.JobView;
import io.imageembedding.cli.top.JobWatch;
import io.imageembedding.jobs.JobConfiguration;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "top",
    mixinStandardHelpOptions = true,
    description =
        "What a job does that runs anywhere, from Flink's REST interface: rates, lag, where the"
            + " time goes, refusals, checkpoints, restarts. Until Ctrl-C, or the job ends.")
final class TopCommand implements Callable<Integer> {

  /** With the start of this process it is less than five seconds until a wrong address is named. */
  private static final Duration ANSWER = Duration.ofMillis(2500);

  private static final int LONGEST_INTERVAL_SECONDS = 3600;

  @Spec private CommandSpec spec;

  @Option(
      names = "--rest",
      paramLabel = "ADDRESS",
      defaultValue = RestAddress.DEFAULT,
      description =
          "Flink's REST interface, HOST:PORT or https://HOST:PORT/PATH (${DEFAULT-VALUE}).")
  private String rest;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file with Flink's security.ssl.rest.truststore and so on, for https.")
  private Path config;

  @Option(names = "--job", paramLabel = "NAME|ID", description = "Which one, where several run.")
  private String job;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description =
          "Between two looks (${DEFAULT-VALUE}). Flink's own figures are new every 10 s, unless"
              + " the cluster's metrics.fetcher.update-interval says otherwise.")
  private int interval;

  @Option(names = "--subtasks", description = "Show each subtask, too.")
  private boolean subtasks;

  @Option(names = "--json", description = "One JSON object a line, at each look.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException {
    if (interval < 1 || interval > LONGEST_INTERVAL_SECONDS) {
      throw new ParameterException(
          spec.commandLine(),
          "--interval: " + interval + " is not allowed; allowed: 1 to " + LONGEST_INTERVAL_SECONDS);
    }
    FlinkRest flink = new FlinkRest(address(), ANSWER, JobConfiguration.load(config, Map.of()));
    ClusterJob chosen;
    try {
      chosen = ClusterJob.choose(flink, job);
    } catch (RestFailure e) {
      throw new CommandFailure(e.getMessage(), e);
    }
    Thread end = new Thread(() -> Runtime.getRuntime().halt(ExitCode.OK), "end top");
    Runtime.getRuntime().addShutdownHook(end);
    try {
      JobSnapshot last =
          new JobWatch(flink, chosen, Duration.ofSeconds(interval), subtasks, view(flink, chosen))
              .toItsEnd();
      if (last.hasFailed()) {
        throw new CommandFailure("the job " + chosen.name() + " failed: " + last.failure());
      }
      spec.commandLine()
          .getErr()
          .println("the job " + chosen.name() + " has ended: " + last.state());
      return ExitCode.OK;
    } finally {
      Runtime.getRuntime().removeShutdownHook(end);
    }
  }

  private RestAddress address() {
    try {
      return RestAddress.of(rest);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--rest: " + e.getMessage(), e);
    }
  }

  private JobView view(FlinkRest flink, ClusterJob chosen) {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    if (json) {
      return JobView.json(chosen, subtasks, out, err);
    }
    if (System.console() == null || "dumb".equals(System.getenv("TERM"))) {
      return JobView.lines(chosen, subtasks, out, err);
    }
    return JobView.screen(
        chosen,
        flink.address(),
        subtasks,
        new Screen(new PrintWriter(System.out, false), TerminalSize::now));
  }
}
