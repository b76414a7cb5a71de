// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.Options;
import io.imageembedding.kafka.KafkaOptions;
import io.imageembedding.safety.SecretNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;

/**
 * The job's options from a YAML file, in which keys may be nested or dotted, and from {@code
 * key=value} pairs, which win.
 */
@Internal
public final class JobConfiguration {
  private JobConfiguration() {}

  /** Every option of the project that a configuration may set, beside Flink's own. */
  public static List<ConfigOption<?>> options() {
    List<ConfigOption<?>> all = new ArrayList<>(EmbedOptions.all());
    all.addAll(KafkaOptions.all());
    all.addAll(StoreOptions.all());
    return all;
  }

  /**
   * Reads the options and refuses unknown ones, and what Flink could not read.
   *
   * @param file YAML, or null for none
   * @param overrides key to value
   * @throws InvalidOptionException if the file cannot be read, a key is unknown, a value of Flink's
   *     is none, or a secret stands in an address
   */
  public static Configuration load(Path file, Map<String, String> overrides) {
    Map<String, String> values = new LinkedHashMap<>();
    if (file != null) {
      flatten("", read(file), values, file);
    }
    values.putAll(overrides);
    values.forEach(JobConfiguration::requireNoSecret);
    Configuration config = Configuration.fromMap(values);
    Options.requireKnown(config, options(), List.of(KafkaOptions.PROPERTIES_PREFIX));
    values.keySet().removeIf(key -> key.startsWith(Options.PREFIX));
    FlinkOptions.check(values, options().stream().<String>map(ConfigOption::key).toList());
    return config;
  }

  /**
   * Flink's page shows every value; those of Kafka's clients and stores are looked at by theirs.
   */
  private static void requireNoSecret(String key, String value) {
    if (!key.startsWith(KafkaOptions.PROPERTIES_PREFIX)
        && !key.equals(StoreOptions.ADDRESS.key())
        && (SecretNames.isBeforeHost(value) || SecretNames.assignedIn(value).isPresent())) {
      throw new InvalidOptionException(
          key + ": a secret is not written into an address; allowed: an address without one");
    }
  }

  private static JsonNode read(Path file) {
    try {
      return new YAMLMapper().readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new InvalidOptionException(
          "configuration file "
              + file
              + " is not YAML: line "
              + e.getLocation().getLineNr()
              + ": "
              + e.getOriginalMessage().lines().findFirst().orElse("?"));
    } catch (IOException e) {
      throw new InvalidOptionException("configuration file " + file + " cannot be read");
    }
  }

  private static void flatten(String key, JsonNode node, Map<String, String> values, Path file) {
    if (node.isObject()) {
      node.properties()
          .forEach(
              entry ->
                  flatten(
                      key.isEmpty() ? entry.getKey() : key + "." + entry.getKey(),
                      entry.getValue(),
                      values,
                      file));
    } else if (key.isEmpty()) {
      if (!node.isMissingNode() && !node.isNull()) {
        throw new InvalidOptionException(
            "configuration file " + file + " has no keys; needed: key: value");
      }
    } else if (node.isArray()) {
      List<String> items = new ArrayList<>();
      node.forEach(item -> items.add(item.asText()));
      values.put(key, String.join(";", items));
    } else if (!node.isNull()) {
      values.put(key, node.asText());
    }
  }
}
