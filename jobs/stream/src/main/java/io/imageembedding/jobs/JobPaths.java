// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import io.imageembedding.kafka.KafkaOptions;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.FallbackKey;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateRecoveryOptions;

/**
 * Paths in the options of a job that goes to a cluster. Its processes have working folders of their
 * own, so a relative path is made absolute where the job is submitted from; folders for checkpoints
 * and savepoints get a scheme, too, without which Flink takes none. An option that tasks do not
 * read, and one that takes absolute paths only, stays as it is.
 */
@Internal
public final class JobPaths {

  /** Where Flink's file systems write and read. */
  private static final Set<String> FOLDERS =
      Stream.of(
              CheckpointingOptions.CHECKPOINTS_DIRECTORY,
              CheckpointingOptions.SAVEPOINT_DIRECTORY,
              StateRecoveryOptions.SAVEPOINT_PATH)
          .flatMap(JobPaths::keys)
          .collect(Collectors.toUnmodifiableSet());

  private static final List<ConfigOption<List<String>>> JARS =
      List.of(PipelineOptions.JARS, PipelineOptions.CLASSPATHS);

  private static final Pattern SCHEME = Pattern.compile("(?!file:)[a-zA-Z][a-zA-Z0-9+.-]+:.*");
  private static final String FILE = "file:";
  private static final String LOCAL = "local";

  /** What Kafka's clients call a file. */
  private static final Pattern KAFKA_FILE = Pattern.compile(".*\\.(location|file)");

  /** The files of placeholders, and those of the JDK's Kerberos login module. */
  private static final Pattern KAFKA_PATH =
      Pattern.compile(
          "(\\$\\{(?:file|directory):|\\b(?:keyTab|ticketCache)\\s*=\\s*\"?)([^:\";}]+)");

  private final Path folder;
  private final Consumer<String> say;

  JobPaths(Path folder, Consumer<String> say) {
    this.folder = folder;
    this.say = say;
  }

  /** Whether a job with these options leaves the process that builds it. */
  public static boolean goesToACluster(Configuration given) {
    return given
        .getOptional(DeploymentOptions.TARGET)
        .filter(target -> !LOCAL.equals(target))
        .isPresent();
  }

  /**
   * The options with absolute paths.
   *
   * @param say gets one line for each path that was relative
   */
  public static Configuration absolute(Configuration given, Consumer<String> say) {
    Configuration absolute = new Configuration(given);
    absolute.addAll(changed(given, say));
    return absolute;
  }

  /** Those of the options that had a relative path or no scheme, as they are to be. */
  static Configuration changed(Configuration given, Consumer<String> say) {
    return new JobPaths(Path.of("").toAbsolutePath(), say).changed(given);
  }

  /** A path of this machine as Flink's file systems take it, which read %20 as it stands. */
  public static String address(Path path) {
    return FILE + path.toAbsolutePath().normalize();
  }

  Configuration changed(Configuration given) {
    Configuration changed = new Configuration();
    for (ConfigOption<List<String>> option : JARS) {
      given
          .getOptional(option)
          .ifPresent(
              jars -> {
                List<String> urls = jars.stream().map(jar -> jar(option.key(), jar)).toList();
                if (!urls.equals(jars)) {
                  changed.set(option, urls);
                }
              });
    }
    for (Map.Entry<String, String> each : new TreeMap<>(given.toMap()).entrySet()) {
      String whole = absolute(each.getKey(), each.getValue());
      if (!whole.equals(each.getValue())) {
        changed.setString(each.getKey(), whole);
      }
    }
    return changed;
  }

  private String absolute(String key, String value) {
    UnaryOperator<String> file = path -> file(key, path);
    if (FOLDERS.contains(key)) {
      return folder(key, value);
    }
    if (key.equals(KafkaOptions.SCHEMA_REGISTRY_CREDENTIALS_FILE.key())) {
      return file.apply(value);
    }
    if (key.equals(StoreOptions.ADDRESS.key())) {
      try {
        return StoreAddress.withPaths(value, file);
      } catch (StoreException e) {
        // Refused, with all that there is to say, where the store is looked at.
        return value;
      }
    }
    if (key.startsWith(KafkaOptions.PROPERTIES_PREFIX)) {
      return KAFKA_FILE.matcher(key).matches() && !value.startsWith("${")
          ? file.apply(value)
          : KAFKA_PATH.matcher(value).replaceAll(found -> inText(found, file));
    }
    return value;
  }

  private static String inText(MatchResult found, UnaryOperator<String> file) {
    return Matcher.quoteReplacement(found.group(1) + file.apply(found.group(2)));
  }

  private String file(String key, String path) {
    Path whole = resolve(path);
    return whole == null ? path : said(key, path, whole, whole.toString());
  }

  private String folder(String key, String text) {
    if (SCHEME.matcher(text).matches()) {
      return text;
    }
    String path = text.replaceFirst("^file:(//(?=/))?", "");
    Path whole = resolve(path);
    if (whole != null) {
      return said(key, text, whole, address(whole));
    }
    return text.startsWith(FILE) || !text.startsWith("/") ? text : FILE + text;
  }

  private String jar(String key, String text) {
    Path whole = SCHEME.matcher(text).matches() || text.startsWith(FILE) ? null : resolve(text);
    return whole == null ? text : said(key, text, whole, whole.toUri().toString());
  }

  private String said(String key, String given, Path whole, String taken) {
    say.accept(
        key + ": '" + given + "' is taken as " + whole + ", which the whole cluster must reach");
    return taken;
  }

  /** The absolute path of a relative one; null of any other. */
  private Path resolve(String path) {
    try {
      Path given = Path.of(path);
      return path.isBlank() || given.isAbsolute() ? null : folder.resolve(given).normalize();
    } catch (InvalidPathException e) {
      return null;
    }
  }

  private static Stream<String> keys(ConfigOption<?> option) {
    return Stream.concat(
        Stream.of(option.key()),
        StreamSupport.stream(option.fallbackKeys().spliterator(), false).map(FallbackKey::getKey));
  }
}
