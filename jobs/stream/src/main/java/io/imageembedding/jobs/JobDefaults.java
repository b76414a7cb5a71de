// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;

/**
 * Options of Flink that have another default in this job. They are set only where nobody has said
 * anything: neither the job's own configuration nor the environment that it is submitted from.
 */
final class JobDefaults {
  private static final Default<String> NAME =
      new Default<>(PipelineOptions.NAME, EmbedImagesJob.DEFAULT_NAME);

  private static final Default<Duration> INTERVAL =
      new Default<>(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(10));

  private static final Default<ExternalizedCheckpointRetention> RETENTION =
      new Default<>(
          CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
          ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);

  /** One checkpoint that fails, of a full disk for a moment, is no reason to load models anew. */
  private static final Default<Integer> TOLERATED =
      new Default<>(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, 3);

  /** Only a cluster itself obeys it; a job in its own process is its own cluster. */
  private static final Default<Integer> RETAINED =
      new Default<>(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, 3);

  private JobDefaults() {}

  /** Those of every job. */
  static List<Default<?>> everywhere() {
    return List.of(NAME, INTERVAL, RETENTION, TOLERATED);
  }

  /** Those that a job can say only in a process of its own. */
  static List<Default<?>> inOneProcess() {
    return List.of(RETAINED);
  }

  /** The defaults that a configuration lacks. */
  static Configuration missing(Configuration given, List<Default<?>> defaults) {
    Configuration missing = new Configuration();
    defaults.forEach(each -> each.addTo(missing, given));
    return missing;
  }

  /** An option with the job's own default. */
  record Default<T>(ConfigOption<T> option, T value) {

    /**
     * A key that is no longer current counts, too; a value that cannot be read is left to Flink.
     */
    private void addTo(Configuration missing, Configuration given) {
      if (!given.contains(option)) {
        missing.set(option, value);
      }
    }
  }
}
