// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.FenceOptions;
import io.imageembedding.flink.GuardOptions;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.Options;
import io.imageembedding.model.ModelException;
import io.imageembedding.vectorstore.StoreException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/** The options of a statement: those of the job, without their prefix. */
final class SqlOptions {

  /** They need places of messages, and dead letters, which tables do not have. */
  private static final List<ConfigOption<?>> OF_JOBS =
      List.of(
          FenceOptions.DIR,
          GuardOptions.REFUSED_SHARE,
          GuardOptions.WINDOW,
          GuardOptions.UNCOUNTED_CODES);

  private static final Set<String> SPACE_OF_IMAGES =
      Set.of(EmbedOptions.IMAGE_ORIENTATION.key(), EmbedOptions.IMAGE_JPEG_DECODING.key());

  private SqlOptions() {}

  /** Every option of {@link EmbedOptions} that a statement may set, as it is written there. */
  static Set<ConfigOption<?>> ofEmbedding() {
    return EmbedOptions.all().stream()
        .filter(option -> !OF_JOBS.contains(option))
        .map(option -> option.key().substring(Options.PREFIX.length()))
        .map(name -> key(name).stringType().noDefaultValue())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The same without those of batches. */
  static Set<ConfigOption<?>> ofEmbeddingOneByOne() {
    return ofEmbedding().stream()
        .filter(option -> !option.key().startsWith("batch."))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Those that a vector space depends on. */
  static Set<ConfigOption<?>> ofVectorSpace() {
    return ofEmbedding().stream()
        .filter(
            option ->
                option.key().startsWith("model")
                    || SPACE_OF_IMAGES.contains(Options.PREFIX + option.key()))
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Refuses keys of a statement's MAP that there are not, which Flink does not.
   *
   * @param function for the message
   */
  static void requireKnown(String function, ReadableConfig map, ConfigOption<?>... known) {
    Set<String> keys =
        Stream.of(known).map(ConfigOption::key).collect(Collectors.toCollection(TreeSet::new));
    for (String key : new TreeSet<>(map.toMap().keySet())) {
      if (!keys.contains(key)) {
        throw new InvalidOptionException(
            "MAP of "
                + function
                + ": there is no option '"
                + key
                + "'; allowed: "
                + String.join(", ", keys));
      }
    }
  }

  /** What a statement says, under the names that the job has for it. */
  static Configuration configuration(Map<String, String> options) {
    Configuration configuration = new Configuration();
    options.forEach((name, value) -> configuration.setString(Options.PREFIX + name, value));
    return configuration;
  }

  /**
   * Does what reads or checks options.
   *
   * @throws ValidationException if it refuses one, under the name that it has in a statement
   */
  static <T> T checked(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (InvalidOptionException | ModelException | StoreException e) {
      throw new ValidationException(e.getMessage().replace(Options.PREFIX, ""), e);
    }
  }
}
