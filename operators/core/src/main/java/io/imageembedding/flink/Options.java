// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;

/** Reads options so that a wrong one is refused by key, value and what is allowed. */
@Internal
public final class Options {

  /** What the keys of this project's options begin with. */
  public static final String PREFIX = "image-embedding.";

  private Options() {}

  /**
   * The option's value or its default.
   *
   * @param valid what a value must fulfil
   * @param allowed the same in words
   * @throws InvalidOptionException if the value cannot be read or is not valid
   */
  public static <T> T get(
      ReadableConfig config, ConfigOption<T> option, Predicate<T> valid, String allowed) {
    T value;
    try {
      value = config.get(option);
    } catch (IllegalArgumentException e) {
      throw new InvalidOptionException(option.key(), given(config, option), allowed);
    }
    if (value != null && !valid.test(value)) {
      throw new InvalidOptionException(option.key(), given(config, option), allowed);
    }
    return value;
  }

  /** The same of an option that need not be set; then it is null. */
  public static <T> T optional(
      ReadableConfig config, ConfigOption<T> option, Predicate<T> valid, String allowed) {
    return get(config, option, value -> value == null || valid.test(value), allowed);
  }

  /**
   * Refuses keys under {@value #PREFIX} that no option has.
   *
   * @param known every option there is
   * @param openPrefixes beginnings of keys below which anything goes
   * @throws InvalidOptionException naming the first unknown key and the nearest known one
   */
  public static void requireKnown(
      ReadableConfig config,
      Collection<? extends ConfigOption<?>> known,
      List<String> openPrefixes) {
    List<String> keys = known.stream().<String>map(ConfigOption::key).toList();
    for (String key : new TreeSet<>(config.toMap().keySet())) {
      if (key.startsWith(PREFIX)
          && !keys.contains(key)
          && openPrefixes.stream().noneMatch(key::startsWith)) {
        throw new InvalidOptionException(
            key + ": there is no such option; the nearest is " + NearestName.to(key, keys));
      }
    }
  }

  private static String given(ReadableConfig config, ConfigOption<?> option) {
    return config.toMap().getOrDefault(option.key(), String.valueOf(option.defaultValue()));
  }
}
