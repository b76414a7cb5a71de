// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command that runs the job for hours, with failures, and sees whether anything grows. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    description =
        "Runs the job under a steady load on a cluster in processes of its own, with a failure"
            + " every so often, and measures what grows: on the broker and in a TaskManager that is"
            + " never killed. FOLDER gets soak.csv, soak.json and soak.html. Exit code 1 if a limit"
            + " does not hold, or an id is missing or there twice.")
final class Soak implements Callable<Integer> {
  static final int PARALLELISM = 4;

  /** Of embeddings and of dead letters. */
  static final long WRITERS = 2L * PARALLELISM;

  /** Three checkpoints that fail are tolerated, the fourth restarts the job. */
  static final long FAILED_IN_A_ROW = 4;

  @Option(names = "--hours", paramLabel = "H", defaultValue = "1", description = "How long.")
  private double hours;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "20",
      description = "Messages a second; default ${DEFAULT-VALUE}.")
  private int rate;

  @Option(
      names = "--failure-every",
      paramLabel = "SECONDS",
      defaultValue = "180",
      description = "Time between failures; default ${DEFAULT-VALUE}.")
  private int failureSeconds;

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      description = "For results, logs and all that is stored; default: a new temporary one.")
  private Path folder;

  public static void main(String[] args) {
    OwnProcesses.endWithThisOne();
    System.exit(new CommandLine(new Soak()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Path place =
        folder == null
            ? Files.createTempDirectory("image-embedding-soak-")
            : Files.createDirectories(folder).toAbsolutePath();
    Duration time = Duration.ofMillis((long) (hours * 3_600_000));
    SoakRun.Outcome outcome =
        new SoakRun(
                time,
                rate,
                Duration.ofSeconds(failureSeconds),
                Duration.ofSeconds(5),
                place,
                System.err::println)
            .run();
    Files.writeString(
        place.resolve("soak.json"),
        new ObjectMapper()
            .writeValueAsString(Map.of("holds", outcome.holds(), "lines", outcome.lines())));
    outcome.lines().forEach(System.out::println);
    System.out.println(place.resolve("soak.html"));
    return outcome.holds() ? 0 : 1;
  }
}
