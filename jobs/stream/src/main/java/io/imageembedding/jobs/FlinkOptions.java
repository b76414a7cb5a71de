// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.NearestName;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.AlgorithmOptions;
import org.apache.flink.configuration.BatchExecutionOptions;
import org.apache.flink.configuration.BlobServerOptions;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.CleanupOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ConfigurationUtils;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.EventOptions;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalResourceOptions;
import org.apache.flink.configuration.HeartbeatManagerOptions;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.HistoryServerOptions;
import org.apache.flink.configuration.JMXServerOptions;
import org.apache.flink.configuration.JobEventStoreOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.MetricOptions;
import org.apache.flink.configuration.NettyShuffleEnvironmentOptions;
import org.apache.flink.configuration.OptimizerOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.ResourceManagerOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.RpcOptions;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.configuration.SinkOptions;
import org.apache.flink.configuration.SlowTaskDetectorOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.StateChangelogOptions;
import org.apache.flink.configuration.StateLatencyTrackOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.configuration.StateSizeTrackOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.TraceOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.runtime.highavailability.JobResultStoreOptions;
import org.apache.flink.runtime.shuffle.ShuffleServiceOptions;

/**
 * Flink's own options, to which those are held that are given to the job: Flink itself ignores a
 * key that it does not know, and says of a wrong value only where it is read.
 */
@Internal
public final class FlinkOptions {
  private static final List<Class<?>> CLASSES =
      List.of(
          AlgorithmOptions.class,
          BatchExecutionOptions.class,
          BlobServerOptions.class,
          CheckpointingOptions.class,
          CleanupOptions.class,
          org.apache.flink.configuration.ClusterOptions.class,
          CoreOptions.class,
          DeploymentOptions.class,
          EventOptions.class,
          ExecutionOptions.class,
          ExternalResourceOptions.class,
          HeartbeatManagerOptions.class,
          HighAvailabilityOptions.class,
          HistoryServerOptions.class,
          JMXServerOptions.class,
          JobEventStoreOptions.class,
          JobManagerOptions.class,
          JobResultStoreOptions.class,
          MetricOptions.class,
          NettyShuffleEnvironmentOptions.class,
          OptimizerOptions.class,
          PipelineOptions.class,
          ResourceManagerOptions.class,
          RestOptions.class,
          RestartStrategyOptions.class,
          RpcOptions.class,
          SecurityOptions.class,
          ShuffleServiceOptions.class,
          SinkOptions.class,
          SlowTaskDetectorOptions.class,
          StateBackendOptions.class,
          StateChangelogOptions.class,
          StateLatencyTrackOptions.class,
          StateRecoveryOptions.class,
          StateSizeTrackOptions.class,
          TaskManagerOptions.class,
          TraceOptions.class,
          WebOptions.class);

  /** Below these are options of plug-ins, of other artifacts, and of whoever names something. */
  private static final List<String> OPEN =
      List.of(
          "azure.",
          "containerized.",
          "env.",
          "events.reporter.",
          "external-resource.",
          "flink.hadoop.",
          "fs.",
          "gs.",
          "hadoop.",
          "high-availability.",
          "job.autoscaler.",
          "kubernetes.",
          "metrics.reporter.",
          "oss.",
          "presto.",
          "python.",
          "queryable-state.",
          "s3.",
          "s3a.",
          "security.",
          "shuffle-service-factory.",
          "sql-",
          "state.backend.",
          "table.",
          "traces.reporter.",
          "yarn.",
          "zookeeper.");

  private static final Map<String, ConfigOption<?>> BY_KEY = byKey();

  private FlinkOptions() {}

  private static Map<String, ConfigOption<?>> byKey() {
    Map<String, ConfigOption<?>> all = new TreeMap<>();
    for (Class<?> type : CLASSES) {
      for (Field field : type.getFields()) {
        if (Modifier.isStatic(field.getModifiers()) && field.getType() == ConfigOption.class) {
          ConfigOption<?> option = constant(field);
          all.put(option.key(), option);
          option.fallbackKeys().forEach(former -> all.putIfAbsent(former.getKey(), option));
        }
      }
    }
    return all;
  }

  private static ConfigOption<?> constant(Field field) {
    try {
      return (ConfigOption<?>) field.get(null);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("a public constant can be read: " + field, e);
    }
  }

  /** Whether Flink has an option of that key, or one of a plug-in may have it. */
  public static boolean isKnown(String key) {
    return BY_KEY.containsKey(key)
        || OPEN.stream().anyMatch(key::startsWith)
        || BY_KEY.values().stream()
            .anyMatch(
                option ->
                    ConfigurationUtils.canBePrefixMap(option)
                        && key.startsWith(option.key() + "."));
  }

  /**
   * Refuses what is no option of Flink's, and values that Flink could not read.
   *
   * @param given without the job's own options
   * @param ours keys of those, which may have been meant
   * @throws InvalidOptionException naming key, value and what is allowed
   */
  static void check(Map<String, String> given, Collection<String> ours) {
    new TreeMap<>(given)
        .forEach(
            (key, value) -> {
              if (!isKnown(key)) {
                throw unknown(key, ours);
              }
              ConfigOption<?> option = BY_KEY.get(key);
              if (option != null) {
                requireReadable(option, key, value);
              }
            });
  }

  private static InvalidOptionException unknown(String key, Collection<String> ours) {
    List<String> names = new ArrayList<>(BY_KEY.keySet());
    names.addAll(ours);
    // What is nested in one place and dotted in another differs at its beginning only.
    Optional<String> meant =
        NearestName.meant(key, names)
            .or(() -> names.stream().filter(name -> name.endsWith("." + key)).findFirst());
    return new InvalidOptionException(
        key
            + ": neither Flink nor this job has such an option"
            + meant.map(name -> "; the nearest is " + name).orElse(""));
  }

  private static void requireReadable(ConfigOption<?> option, String key, String value) {
    try {
      Configuration.fromMap(Map.of(option.key(), value)).get(option);
    } catch (IllegalArgumentException e) {
      throw new InvalidOptionException(key, value, allowed(option, e));
    }
  }

  private static String allowed(ConfigOption<?> option, IllegalArgumentException failure) {
    Object usual = option.defaultValue();
    if (usual instanceof Duration) {
      return "a duration such as 500 ms, 10 s or 5 min";
    }
    if (usual instanceof MemorySize) {
      return "a size such as 64 mb or 1 gb";
    }
    if (usual instanceof Integer || usual instanceof Long) {
      return "a whole number";
    }
    if (usual instanceof Float || usual instanceof Double) {
      return "a number";
    }
    if (usual instanceof Boolean) {
      return "true or false";
    }
    if (usual instanceof Enum<?> constant) {
      return String.join(
          ", ",
          Arrays.stream(constant.getDeclaringClass().getEnumConstants())
              .map(each -> each.toString().toLowerCase(Locale.ROOT))
              .toList());
    }
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return "what Flink reads (" + String.valueOf(root.getMessage()).replaceAll("\\s+", " ") + ")";
  }
}
