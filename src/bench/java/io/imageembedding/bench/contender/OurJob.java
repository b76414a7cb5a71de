// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import io.imageembedding.bench.worker.Arguments;
import io.imageembedding.jobs.EmbedImagesJob;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The product's job, with its defaults. */
final class OurJob {
  private static final String PREFIX = "image-embedding.";

  private OurJob() {}

  /**
   * Adds it.
   *
   * @param arguments those that begin like the product's options go to the job
   */
  static void build(
      StreamExecutionEnvironment environment, Configuration config, Arguments arguments) {
    Configuration options = EmbedImagesJob.withDefaults(config);
    options.setString(PREFIX + "kafka.bootstrap-servers", arguments.text("servers"));
    options.setString(PREFIX + "kafka.input.topic", arguments.text("input"));
    options.setString(PREFIX + "kafka.input.format", "raw");
    options.setString(PREFIX + "kafka.input.start", "earliest");
    options.setString(PREFIX + "kafka.output.topic", arguments.text("output"));
    options.setString(PREFIX + "kafka.dead-letter.topic", arguments.text("dead-letters"));
    arguments
        .values()
        .forEach(
            (key, value) -> {
              if (key.startsWith(PREFIX)) {
                options.setString(key, value);
              }
            });
    environment.configure(options);
    EmbedImagesJob.build(environment, options);
  }
}
