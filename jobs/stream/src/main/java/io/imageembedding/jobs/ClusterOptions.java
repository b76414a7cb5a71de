// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import io.imageembedding.flink.InvalidOptionException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.configuration.Configuration;

/**
 * Options of Flink that the processes of a cluster read from their own configuration, whatever a
 * job says: given to a job they would be ignored without a word.
 */
final class ClusterOptions {
  private static final List<String> KEYS =
      List.of(
          "execution.checkpointing.num-retained",
          "state.checkpoints.num-retained",
          "execution.checkpointing.cleaner.parallel-mode",
          "execution.checkpointing.local-backup.dirs",
          "classloader.parent-first-patterns.additional",
          "classloader.parent-first-patterns.default",
          "classloader.resolve-order",
          "rest.bind-address",
          "rest.bind-port",
          "scheduler-mode",
          "slot.idle.timeout",
          "slot.request.timeout");

  private static final List<String> BEGINNINGS =
      List.of(
          "akka.",
          "blob.",
          "cluster.",
          "env.",
          "events.",
          "heartbeat.",
          "high-availability",
          "historyserver.",
          "jobmanager.",
          "jobstore.",
          "metrics.",
          "pekko.",
          "process.",
          "resourcemanager.",
          "rest.async.",
          "rest.cache.",
          "rest.flamegraph.",
          "rest.profiling.",
          "rest.server.",
          "slotmanager.",
          "taskmanager.",
          "traces.",
          "web.",
          "zookeeper.");

  /** Of the job in spite of its beginning. */
  private static final List<String> OF_THE_JOB = List.of("metrics.latency.interval");

  private ClusterOptions() {}

  /**
   * Refuses what was given to a job that goes to a cluster.
   *
   * @param given to the job
   * @param environment that the job is submitted from, which may know what the cluster has: what it
   *     says, too, is in effect
   * @throws InvalidOptionException naming the key and where it belongs
   */
  static void refuse(Configuration given, Configuration environment) {
    Map<String, String> known = environment.toMap();
    new TreeMap<>(given.toMap())
        .forEach(
            (key, value) -> {
              if (isOfTheCluster(key) && !value.equals(known.get(key))) {
                throw new InvalidOptionException(
                    key
                        + ": '"
                        + value
                        + "' would have no effect: only the cluster itself obeys this option; set"
                        + " it in the configuration of the cluster and take it out here");
              }
            });
  }

  private static boolean isOfTheCluster(String key) {
    return !OF_THE_JOB.contains(key)
        && (KEYS.contains(key) || BEGINNINGS.stream().anyMatch(key::startsWith));
  }
}
