// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ConfigOption;

/** Keys of Flink's own options: every constant of its classes of options on the class path. */
final class FlinkKeys {
  private static final Pattern CLASS = Pattern.compile("org/apache/flink/.*Options\\.class");

  /** Keys that have a name in the middle. */
  private static final List<Pattern> NAMED =
      List.of(
          Pattern.compile("metrics\\.reporter\\.\\w+\\.(?<option>.+)"),
          Pattern.compile("traces\\.reporter\\.\\w+\\.(?<option>.+)"),
          Pattern.compile("events\\.reporter\\.\\w+\\.(?<option>.+)"),
          Pattern.compile("containerized\\.(master|taskmanager)\\.env\\.[A-Z_]+"));

  /** What all reporters have, and the two of them that are shown. */
  private static final Set<String> OF_A_REPORTER =
      Set.of(
          "factory.class",
          "interval",
          "port",
          "filterLabelValueCharacters",
          "filter.includes",
          "filter.excludes",
          "scope.delimiter",
          "scope.variables.additional",
          "scope.variables.excludes",
          "exporter.endpoint",
          "exporter.protocol",
          "exporter.timeout",
          "service.name",
          "service.version");

  private static final FlinkKeys ALL = new FlinkKeys();

  private final Set<String> keys = new HashSet<>();

  private FlinkKeys() {
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path jar = Path.of(entry);
      String name = jar.getFileName().toString();
      if (name.startsWith("flink-") && name.endsWith(".jar") && !name.contains("test")) {
        try (JarFile classes = new JarFile(jar.toFile())) {
          classes.stream()
              .map(each -> each.getName())
              .filter(each -> CLASS.matcher(each).matches())
              .forEach(this::read);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  static FlinkKeys all() {
    return ALL;
  }

  private void read(String resource) {
    String name = resource.replace('/', '.').substring(0, resource.length() - ".class".length());
    try {
      Class<?> type = Class.forName(name, false, FlinkKeys.class.getClassLoader());
      for (Field field : type.getDeclaredFields()) {
        if (Modifier.isStatic(field.getModifiers()) && field.getType() == ConfigOption.class) {
          field.setAccessible(true);
          ConfigOption<?> option = (ConfigOption<?>) field.get(null);
          keys.add(option.key());
          option.fallbackKeys().forEach(fallback -> keys.add(fallback.getKey()));
        }
      }
    } catch (ReflectiveOperationException | LinkageError e) {
      // Of something that is not on the class path, such as Hadoop.
    }
  }

  /** Whether it is a key, or with {@code prefixes} the beginning of one. */
  boolean knows(String key, boolean prefixes) {
    if (keys.contains(key)) {
      return true;
    }
    if (prefixes && keys.stream().anyMatch(each -> each.startsWith(key + "."))) {
      return true;
    }
    return NAMED.stream()
        .map(pattern -> pattern.matcher(key))
        .anyMatch(
            match ->
                match.matches()
                    && (!match.pattern().pattern().contains("option")
                        || OF_A_REPORTER.contains(match.group("option"))));
  }

  /** What keys begin with. */
  Set<String> beginnings() {
    Set<String> beginnings = new HashSet<>();
    for (String key : keys) {
      if (key.contains(".")) {
        beginnings.add(Arrays.asList(key.split("\\.", -1)).get(0));
      }
    }
    return beginnings;
  }
}
