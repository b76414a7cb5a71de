// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.worker;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Words {@code key=value}, as a worker is started with and asked by. */
public record Arguments(Map<String, String> values) {

  private static final String SECONDS = "seconds";
  static final String FOLDER = "folder";

  /** How many callers there are; at the start, for how many engines are opened. */
  public static final String CALLERS = "callers";

  /** What a job's tasks spend their time with is asked for, too; asking costs a little. */
  public static final String PROFILE = "profile";

  public static Arguments of(String line) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String word : line.strip().split("\\s+")) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        values.put(word.substring(0, equals), word.substring(equals + 1));
      }
    }
    return new Arguments(values);
  }

  public String text(String key) {
    String value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException("no " + key + " in " + values);
    }
    return value;
  }

  public int integer(String key) {
    return Integer.parseInt(text(key));
  }

  public double number(String key) {
    return Double.parseDouble(text(key));
  }

  public long nanos() {
    return (long) (number(SECONDS) * 1e9);
  }

  public Path folder() {
    return Path.of(text(FOLDER));
  }

  @Override
  public String toString() {
    return values.entrySet().stream().map(Object::toString).collect(Collectors.joining(" "));
  }
}
