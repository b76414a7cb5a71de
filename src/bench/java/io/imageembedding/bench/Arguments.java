// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Words {@code key=value}, as a worker is started with and asked by. */
record Arguments(Map<String, String> values) {

  static final String SECONDS = "seconds";
  static final String FOLDER = "folder";

  static Arguments of(String line) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String word : line.strip().split("\\s+")) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        values.put(word.substring(0, equals), word.substring(equals + 1));
      }
    }
    return new Arguments(values);
  }

  String text(String key) {
    String value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException("no " + key + " in " + values);
    }
    return value;
  }

  int integer(String key) {
    return Integer.parseInt(text(key));
  }

  double number(String key) {
    return Double.parseDouble(text(key));
  }

  long nanos() {
    return (long) (number(SECONDS) * 1e9);
  }

  Path folder() {
    return Path.of(text(FOLDER));
  }

  @Override
  public String toString() {
    return values.entrySet().stream().map(Object::toString).collect(Collectors.joining(" "));
  }
}
