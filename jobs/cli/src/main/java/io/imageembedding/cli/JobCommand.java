// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.job.JobJar;
import io.imageembedding.cli.job.JobMonitor;
import io.imageembedding.cli.job.LatestCheckpoint;
import io.imageembedding.cli.job.LocalFlink;
import io.imageembedding.cli.job.RunningJob;
import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.OutputPaths;
import io.imageembedding.cli.output.TerminalSize;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.jobs.JobPaths;
import io.imageembedding.jobs.StoreOptions;
import io.imageembedding.safety.PrivateFiles;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "job",
    mixinStandardHelpOptions = true,
    description =
        "Runs the streaming job in this process, or submits it to the cluster that Flink's own"
            + " options name (execution.target: remote, rest.address, rest.port). Checkpoints are"
            + " on and kept; Ctrl-C stops with a savepoint and says how to go on.")
final class JobCommand implements Callable<Integer> {
  private static final String LATEST = "latest";
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
          "Create the topics of embeddings and dead letters with N partitions where there are"
              + " none.")
  private Integer newPartitions;

  @Option(
      names = "--restore",
      paramLabel = "PATH",
      description =
          "Checkpoint or savepoint to go on from; 'latest' takes the newest of this job's under"
              + " execution.checkpointing.dir.")
  private String restore;

  @Mixin private StoreWait wait;

  @Override
  public Integer call() throws Exception {
    if (newPartitions != null && newPartitions < 1) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value for --create-topics: " + newPartitions + "; allowed: from 1");
    }
    Configuration given = JobConfiguration.load(file, overrides);
    boolean remote = JobPaths.goesToACluster(given);
    if (remote) {
      EmbedImagesJob.requireOptionsOfAJob(given);
      given = JobPaths.absolute(given, spec.commandLine().getErr()::println);
    }
    Configuration config =
        remote
            ? EmbedImagesJob.withDefaults(given)
            : EmbedImagesJob.withDefaultsInOneProcess(given);
    String store = config.get(StoreOptions.ADDRESS);
    // Says by key what cannot be used of it.
    EmbedImagesJob.topics(config);
    if (store != null) {
      wait.require(store);
    }
    if (newPartitions != null) {
      EmbedImagesJob.topics(config).createOutputs(newPartitions);
    }
    Path checkpoints = null;
    if (!remote) {
      checkpoints = checkpointFolder(config);
      config.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, JobPaths.address(checkpoints));
    }
    restorePath(config, checkpoints)
        .ifPresent(path -> config.set(StateRecoveryOptions.SAVEPOINT_PATH, path));
    return remote ? submit(config) : runHere(config, checkpoints);
  }

  private static Path checkpointFolder(Configuration config) {
    String configured =
        config.getOptional(CheckpointingOptions.CHECKPOINTS_DIRECTORY).orElse(CHECKPOINTS);
    Path folder =
        localPath(configured)
            .orElseThrow(
                () ->
                    new InvalidOptionException(
                        CheckpointingOptions.CHECKPOINTS_DIRECTORY.key(),
                        configured,
                        "a folder of this machine, as long as the job runs in this process"));
    String name = config.get(PipelineOptions.NAME).replaceAll("[^a-zA-Z0-9._-]", "_");
    return folder.resolve(name).toAbsolutePath().normalize();
  }

  /** The path, if what was given is one of this machine. */
  private static Optional<Path> localPath(String given) {
    String path = given.replaceFirst("^file:(//)?", "");
    return path.matches("[a-zA-Z][a-zA-Z0-9+.-]*:.*")
        ? Optional.empty()
        : Optional.of(Path.of(path));
  }

  private Optional<String> restorePath(Configuration config, Path checkpoints) {
    if (restore != null && config.contains(StateRecoveryOptions.SAVEPOINT_PATH)) {
      throw new InvalidOptionException(
          StateRecoveryOptions.SAVEPOINT_PATH.key(),
          config.get(StateRecoveryOptions.SAVEPOINT_PATH),
          "one of the two: --restore says it, too");
    }
    if (LATEST.equals(restore)) {
      if (checkpoints == null) {
        throw new CommandFailure(
            "--restore latest looks in a folder of this machine; a job on a cluster needs the"
                + " path");
      }
      LatestCheckpoint.Choice choice = LatestCheckpoint.below(checkpoints);
      choice.damaged().forEach(spec.commandLine().getErr()::println);
      return Optional.of(JobPaths.address(choice.checkpoint().folder()));
    }
    String given = restore == null ? config.get(StateRecoveryOptions.SAVEPOINT_PATH) : restore;
    if (given == null) {
      return Optional.empty();
    }
    Optional<Path> local = localPath(given).map(path -> path.toAbsolutePath().normalize());
    // What is on the machines of a cluster only, the cluster has to look at.
    if (local.isPresent() && (checkpoints != null || Files.exists(local.get()))) {
      boolean ofThisJob = checkpoints != null && local.get().startsWith(checkpoints);
      LatestCheckpoint.requireUndamaged(
          local.get(), ofThisJob ? checkpoints : local.get().getParent());
    }
    return Optional.of(local.map(JobPaths::address).orElse(given));
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
    if (config.contains(StateRecoveryOptions.SAVEPOINT_PATH)) {
      err.println("going on from " + config.get(StateRecoveryOptions.SAVEPOINT_PATH));
    }
    OutputPaths.requireFolder(CheckpointingOptions.CHECKPOINTS_DIRECTORY.key(), checkpoints);
    LocalFlink flink = new LocalFlink();
    flink.requireFreePort(config);
    StreamExecutionEnvironment env = flink.environment(config);
    EmbedImagesJob.build(env, config);
    sayWhereItBegins(config);
    PrivateFiles.createFolder(checkpoints.getParent());
    PrivateFiles.createFolder(checkpoints);
    JobClient client = env.executeAsync(config.get(PipelineOptions.NAME));
    err.println(
        "job "
            + client.getJobID()
            + " is running; checkpoints every "
            + config.get(CheckpointingOptions.CHECKPOINTING_INTERVAL).toMillis()
            + " ms below "
            + checkpoints
            + "; Ctrl-C stops it");
    flink.page().ifPresent(page -> err.println("Flink's page: " + page));
    err.flush();
    JobMonitor monitor =
        new JobMonitor(
            flink, client.getJobID(), err, System.console() == null ? null : TerminalSize::now);
    RunningJob job = new RunningJob(client, checkpoints, monitor, err);
    job.stopOnShutdown();
    monitor.start();
    job.await();
    return ExitCode.OK;
  }

  private void sayWhereItBegins(Configuration config) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(EmbedImagesJob.topics(config).describeStart());
    err.flush();
  }
}
