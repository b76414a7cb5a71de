// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.doctor.Diagnosis;
import io.imageembedding.cli.doctor.Diagnosis.Status;
import io.imageembedding.cli.doctor.Doctor;
import io.imageembedding.cli.doctor.Doctor.Step;
import io.imageembedding.cli.doctor.JobSteps;
import io.imageembedding.cli.doctor.MachineChecks;
import io.imageembedding.cli.job.JobJar;
import io.imageembedding.cli.output.Failures;
import io.imageembedding.cli.output.Json;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.jobs.JobPaths;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.flink.configuration.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Looks at what a job needs: this machine, and with options of a job its brokers, topics,"
          + " schema registry, store and model, one row each, with what to do where something is"
          + " not as it should be. Changes nothing.",
      "Exits with 1 if a check failed; a warning is none."
    })
final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file of options, as for 'job'; without it, only this machine.")
  private Path file;

  @Option(names = "-D", paramLabel = "KEY=VALUE", description = "An option; wins over the file.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  /** A check, as {@code --json} prints it. */
  private record Row(String check, String status, String found, String advice) {}

  /** All of them, as {@code --json} prints them. */
  private record Report(boolean healthy, List<Row> checks) {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Doctor doctor =
        new Doctor(
            Failures::describe,
            diagnosis -> {
              if (!json) {
                print(out, diagnosis);
              }
            });
    List<Diagnosis> all = new ArrayList<>(doctor.examine(MachineChecks.all(jobJar())));
    if (file != null || !overrides.isEmpty()) {
      all.addAll(doctor.examine(jobSteps()));
    }
    boolean healthy = all.stream().noneMatch(d -> d.status() == Status.FAILED);
    if (json) {
      out.println(
          Json.line(
              new Report(
                  healthy,
                  all.stream()
                      .map(d -> new Row(d.check(), key(d.status()), d.found(), d.advice()))
                      .toList())));
    } else {
      out.println(
          count(all, Status.OK)
              + " of "
              + all.size()
              + " as they should be, "
              + count(all, Status.WARNING)
              + " warnings, "
              + count(all, Status.FAILED)
              + " failed, "
              + count(all, Status.SKIPPED)
              + " skipped");
    }
    out.flush();
    return healthy ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private List<Step> jobSteps() {
    return JobSteps.of(
        () -> {
          Configuration given = JobConfiguration.load(file, overrides);
          boolean remote = JobPaths.goesToACluster(given);
          if (remote) {
            EmbedImagesJob.requireOptionsOfAJob(given);
          }
          return remote
              ? EmbedImagesJob.withDefaults(given)
              : EmbedImagesJob.withDefaultsInOneProcess(given);
        });
  }

  private static Path jobJar() {
    String path = System.getProperty(JobJar.PROPERTY);
    return path == null || !Files.isRegularFile(Path.of(path)) ? null : Path.of(path);
  }

  private static long count(List<Diagnosis> all, Status status) {
    return all.stream().filter(d -> d.status() == status).count();
  }

  private static String key(Status status) {
    return status.name().toLowerCase(Locale.ROOT);
  }

  private static void print(PrintWriter out, Diagnosis is) {
    String status = is.status() == Status.FAILED ? "FAILED" : key(is.status());
    out.printf("%-8s %-20s %s%n", status, is.check(), is.found());
    if (is.advice() != null) {
      out.printf("%-8s %-20s -> %s%n", "", "", is.advice());
    }
    out.flush();
  }
}
