// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.embed.InvalidOptionException;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "job",
    mixinStandardHelpOptions = true,
    description =
        "Runs the streaming job in this process, or submits it to the cluster that Flink's own"
            + " options name (execution.target: remote, rest.address, rest.port). Checkpoints are on"
            + " and kept; Ctrl-C stops with a savepoint and says how to go on.")
final class JobCommand implements Callable<Integer> {
  private static final String LATEST = "latest";
  private static final String LOCAL = "local";
  private static final String CHECKPOINTS = "checkpoints";

  @Spec private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file of options: the job's (image-embedding.*) and Flink's.")
  private Path file;

  @Option(names = "-D", paramLabel = "KEY=VALUE", description = "An option; wins over the file.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  @Option(
      names = "--create-topics",
      paramLabel = "N",
      description =
          "Create the topics of embeddings and dead letters with N partitions where there are none.")
  private Integer newPartitions;

  @Option(
      names = "--restore",
      paramLabel = "PATH",
      description =
          "Checkpoint or savepoint to go on from; 'latest' takes the newest of this job's under"
              + " execution.checkpointing.dir.")
  private String restore;

  @Override
  public Integer call() throws Exception {
    Configuration given = JobConfiguration.load(file, overrides);
    boolean remote = isRemote(given);
    if (remote) {
      EmbedImagesJob.requireOptionsOfAJob(given);
    }
    Configuration config =
        remote
            ? EmbedImagesJob.withDefaults(given)
            : EmbedImagesJob.withDefaultsInOneProcess(given);
    if (newPartitions != null) {
      EmbedImagesJob.topics(config).createOutputs(newPartitions);
    }
    Path checkpoints = null;
    if (!remote) {
      checkpoints = checkpointFolder(config);
      config.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpoints.toUri().toString());
    }
    if (restore != null) {
      config.set(StateRecoveryOptions.SAVEPOINT_PATH, restorePath(checkpoints));
    }
    return remote ? submit(config) : runHere(config, checkpoints);
  }

  /** Whether the job runs on a cluster, and not in this process. */
  static boolean isRemote(Configuration given) {
    return given
        .getOptional(DeploymentOptions.TARGET)
        .filter(target -> !LOCAL.equals(target))
        .isPresent();
  }

  private Path checkpointFolder(Configuration config) {
    String configured =
        config.getOptional(CheckpointingOptions.CHECKPOINTS_DIRECTORY).orElse(CHECKPOINTS);
    String path = configured.replaceFirst("^file:(//)?", "");
    if (path.matches("[a-zA-Z][a-zA-Z0-9+.-]*:.*")) {
      throw new InvalidOptionException(
          CheckpointingOptions.CHECKPOINTS_DIRECTORY.key(),
          configured,
          "a folder of this machine, as long as the job runs in this process");
    }
    String name = config.get(PipelineOptions.NAME).replaceAll("[^a-zA-Z0-9._-]", "_");
    return Path.of(path).resolve(name).toAbsolutePath().normalize();
  }

  private String restorePath(Path checkpoints) {
    if (!restore.equals(LATEST)) {
      if (!restore.contains(":") && !Files.exists(Path.of(restore))) {
        throw new CommandFailure("there is no checkpoint " + restore);
      }
      return restore.contains(":") ? restore : Path.of(restore).toAbsolutePath().toUri().toString();
    }
    if (checkpoints == null) {
      throw new CommandFailure(
          "--restore latest looks in a folder of this machine; a job on a cluster needs the path");
    }
    return LatestCheckpoint.below(checkpoints)
        .orElseThrow(
            () -> new CommandFailure("there is no complete checkpoint below " + checkpoints))
        .toUri()
        .toString();
  }

  private int submit(Configuration config) throws Exception {
    Path jar = JobJar.path();
    config.set(PipelineOptions.JARS, List.of(jar.toUri().toString()));
    StreamExecutionEnvironment env = new StreamExecutionEnvironment(config);
    EmbedImagesJob.build(env, config);
    sayWhereItBegins(config);
    JobClient client = env.executeAsync(config.get(PipelineOptions.NAME));
    spec.commandLine().getOut().println("submitted job " + client.getJobID());
    return ExitCode.OK;
  }

  private int runHere(Configuration config, Path checkpoints) throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    if (restore != null) {
      err.println("going on from " + config.get(StateRecoveryOptions.SAVEPOINT_PATH));
    }
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    EmbedImagesJob.build(env, config);
    sayWhereItBegins(config);
    JobClient client = env.executeAsync(config.get(PipelineOptions.NAME));
    err.println(
        "job "
            + client.getJobID()
            + " is running; checkpoints every "
            + config.get(CheckpointingOptions.CHECKPOINTING_INTERVAL).toMillis()
            + " ms below "
            + checkpoints
            + "; Ctrl-C stops it");
    err.flush();
    RunningJob job = new RunningJob(client, checkpoints, err);
    job.stopOnShutdown();
    job.await();
    return ExitCode.OK;
  }

  private void sayWhereItBegins(Configuration config) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(EmbedImagesJob.topics(config).describeStart());
    err.flush();
  }
}
