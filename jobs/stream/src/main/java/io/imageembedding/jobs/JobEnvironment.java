// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.Options;
import io.imageembedding.kafka.KafkaOptions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.streaming.api.environment.LocalStreamEnvironment;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is in effect for the job, of all that was said in different places. What is said nearer to
 * the job wins: its own {@code -D}, then its {@code --config} file, then the environment that it is
 * submitted from ({@code flink run -D} and the configuration of the cluster, as Flink has them
 * merged already), then the defaults.
 */
final class JobEnvironment {
  private static final Logger LOG = LoggerFactory.getLogger(JobEnvironment.class);

  private JobEnvironment() {}

  /**
   * The environment that Flink has for this program, with what was given to the job, and with the
   * job's defaults where nobody has said anything. An environment that lets no program change its
   * configuration is left as it is.
   *
   * @throws InvalidOptionException if something was given that only a cluster obeys
   */
  static StreamExecutionEnvironment of(Configuration given) {
    Configuration flinks = flinkOptions(given);
    Configuration before = configuration(StreamExecutionEnvironment.getExecutionEnvironment());
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(flinks);
    boolean inOneProcess = env instanceof LocalStreamEnvironment;
    if (!inOneProcess) {
      ClusterOptions.refuse(flinks, before);
      sayWhatIsOverruled(given, before);
      adviseCheckpoints(before);
    }
    if (before.get(DeploymentOptions.PROGRAM_CONFIG_ENABLED)) {
      env.configure(JobPaths.changed(configuration(env), LOG::warn));
      env.configure(JobDefaults.missing(configuration(env), JobDefaults.everywhere()));
      if (inOneProcess) {
        env.configure(JobDefaults.missing(configuration(env), JobDefaults.inOneProcess()));
      }
    }
    return env;
  }

  private static void adviseCheckpoints(Configuration environment) {
    if (environment.get(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS) < 2) {
      LOG.warn(
          "The cluster keeps one checkpoint, as far as is known here; should that one be damaged,"
              + " there is none to go back to. Its configuration should have {}: 3",
          CheckpointingOptions.MAX_RETAINED_CHECKPOINTS.key());
    }
  }

  private static void sayWhatIsOverruled(Configuration given, Configuration environment) {
    Map<String, String> before = environment.toMap();
    new TreeMap<>(given.toMap())
        .forEach(
            (key, value) -> {
              String other = before.get(key);
              if (other != null && !other.equals(value)) {
                LOG.info("{}: what was given to the job wins over what its environment says", key);
              }
            });
  }

  /**
   * Every option as it is in effect: Flink's own as the environment has them, the project's as they
   * were given to the job, or else as the environment has them.
   *
   * @throws InvalidOptionException if a key of the project's is unknown, or if the environment
   *     lacks an option of Flink that was given to the job
   */
  static Configuration inEffect(StreamExecutionEnvironment env, Configuration given) {
    Configuration all = configuration(env);
    Map<String, String> environment = all.toMap();
    new TreeMap<>(given.toMap())
        .forEach(
            (key, value) -> {
              if (key.startsWith(Options.PREFIX)) {
                all.setString(key, value);
              } else if (!value.equals(environment.get(key))) {
                throw new InvalidOptionException(
                    key
                        + ": '"
                        + value
                        + "' was given to the job, but its environment has "
                        + (environment.containsKey(key)
                            ? "'" + environment.get(key) + "'"
                            : "nothing")
                        + "; needed: the same");
              }
            });
    Options.requireKnown(all, JobConfiguration.options(), List.of(KafkaOptions.PROPERTIES_PREFIX));
    return JobPaths.goesToACluster(all) ? JobPaths.absolute(all, LOG::warn) : all;
  }

  /**
   * Sees that the job runs as a stream, whose output is written with checkpoints: {@code AUTOMATIC}
   * becomes {@code STREAMING}, also for a bounded input.
   *
   * @throws InvalidOptionException if batch execution is set, and cannot keep what the job promises
   */
  static void requireStreaming(StreamExecutionEnvironment env, Configuration inEffect) {
    RuntimeExecutionMode mode =
        Options.get(
            inEffect,
            ExecutionOptions.RUNTIME_MODE,
            any -> true,
            "STREAMING, or AUTOMATIC, which is the same here");
    if (mode == RuntimeExecutionMode.AUTOMATIC) {
      LOG.info("{} AUTOMATIC is taken as STREAMING", ExecutionOptions.RUNTIME_MODE.key());
      env.setRuntimeMode(RuntimeExecutionMode.STREAMING);
    }
    if (mode != RuntimeExecutionMode.BATCH) {
      return;
    }
    if (inEffect.get(KafkaOptions.DELIVERY_GUARANTEE) == DeliveryGuarantee.EXACTLY_ONCE) {
      throw new InvalidOptionException(
          ExecutionOptions.RUNTIME_MODE.key(),
          "BATCH",
          "STREAMING, as "
              + KafkaOptions.DELIVERY_GUARANTEE.key()
              + " is exactly-once: batch execution makes no checkpoints, and one transaction of the"
              + " whole run would be lost at its timeout");
    }
    if (!inEffect.get(KafkaOptions.INPUT_BOUNDED)) {
      throw new InvalidOptionException(
          ExecutionOptions.RUNTIME_MODE.key(),
          "BATCH",
          "STREAMING, as " + KafkaOptions.INPUT_BOUNDED.key() + " is false");
    }
  }

  private static Configuration flinkOptions(Configuration given) {
    Configuration flinks = new Configuration(given);
    given.keySet().stream()
        .filter(key -> key.startsWith(Options.PREFIX))
        .forEach(key -> flinks.removeKey(key));
    return flinks;
  }

  private static Configuration configuration(StreamExecutionEnvironment env) {
    return Configuration.fromMap(env.getConfiguration().toMap());
  }
}
