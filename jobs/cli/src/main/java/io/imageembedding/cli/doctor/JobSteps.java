// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.doctor;

import io.imageembedding.cli.doctor.Doctor.Step;
import io.imageembedding.jobs.JobChecks;
import io.imageembedding.kafka.SetupCheck;
import io.imageembedding.kafka.SetupCheck.Finding;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.PipelineOptions;

/** What one job needs, in the order in which one thing rests on another. */
@Internal
public final class JobSteps {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** A model may have to be fetched. */
  private static final Duration MODEL_LIMIT = Duration.ofMinutes(5);

  private static final long CHECKPOINT_BYTES = 1L << 30;
  private static final String CHECKPOINTS = "checkpoints";

  private JobSteps() {}

  /**
   * The steps; only the first one where the options are wrong.
   *
   * @param options of the job, with the defaults of the place where it would run
   */
  public static List<Step> of(Supplier<Configuration> options) {
    String advice = "see jobs/OPTIONS.md";
    Configuration config;
    JobChecks checks;
    try {
      config = options.get();
      checks = new JobChecks(config);
    } catch (RuntimeException e) {
      return List.of(
          step(
              new SetupCheck(
                  "options",
                  advice,
                  () -> {
                    throw e;
                  }),
              LIMIT));
    }
    int slots =
        config
            .getOptional(CoreOptions.DEFAULT_PARALLELISM)
            .orElse(Runtime.getRuntime().availableProcessors());
    List<Step> steps = new ArrayList<>();
    steps.add(
        step(
            new SetupCheck(
                "options",
                advice,
                () ->
                    Finding.good(
                        "job '" + config.get(PipelineOptions.NAME) + "', " + slots + " slots")),
            LIMIT));
    steps.add(
        step(
            new SetupCheck("disk for checkpoints", "make room there", () -> checkpoints(config)),
            LIMIT));
    List<SetupCheck> topics = checks.topics(slots);
    String brokers = topics.get(0).name();
    List<String> missing = new ArrayList<>();
    for (SetupCheck check : topics) {
      boolean isTopic = check.name().startsWith("topic ");
      Set<String> needs =
          check.name().equals(brokers) || check.name().equals("schema registry")
              ? Set.of()
              : isTopic ? Set.of(brokers) : Set.copyOf(missing);
      steps.add(new Step(check, LIMIT, needs));
      if (isTopic || check.name().equals(brokers)) {
        missing.add(check.name());
      }
    }
    checks.store().ifPresent(check -> steps.add(step(check, LIMIT)));
    SetupCheck model = checks.model();
    steps.add(new Step(model, MODEL_LIMIT, Set.of(MachineChecks.NATIVES)));
    List<String> needed = new ArrayList<>(missing);
    needed.add(model.name());
    checks.store().ifPresent(check -> needed.add(check.name()));
    steps.add(new Step(checks.vectors(), LIMIT, Set.copyOf(needed)));
    return steps;
  }

  private static Step step(SetupCheck check, Duration limit) {
    return new Step(check, limit, Set.of());
  }

  private static Finding checkpoints(Configuration config) {
    String folder =
        config.getOptional(CheckpointingOptions.CHECKPOINTS_DIRECTORY).orElse(CHECKPOINTS);
    String path = folder.replaceFirst("^file:(//)?", "");
    return path.matches("[a-zA-Z][a-zA-Z0-9+.-]*:.*")
        ? Finding.good(folder + ", whose room is not asked")
        : MachineChecks.room(Path.of(path), CHECKPOINT_BYTES);
  }
}
