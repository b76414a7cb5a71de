// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.CoreOptions;
import org.junit.jupiter.api.Test;

class FlinkOptionsTest {
  private static final Pattern OPTIONS =
      Pattern.compile("org/apache/flink/configuration/[A-Za-z]+Options\\.class");

  @Test
  void everyOptionOfFlinksCoreIsKnownAlsoOnesThatANewVersionBrings() throws Exception {
    Path jar =
        Path.of(CoreOptions.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> keys = new ArrayList<>();
    try (JarFile classes = new JarFile(jar.toFile())) {
      for (String name :
          classes.stream()
              .map(entry -> entry.getName())
              .filter(each -> OPTIONS.matcher(each).matches())
              .toList()) {
        Class<?> type =
            Class.forName(name.replace('/', '.').substring(0, name.length() - ".class".length()));
        for (Field field : type.getFields()) {
          if (Modifier.isStatic(field.getModifiers()) && field.getType() == ConfigOption.class) {
            keys.add(((ConfigOption<?>) field.get(null)).key());
          }
        }
      }
    }

    assertThat(keys).hasSizeGreaterThan(300).allMatch(FlinkOptions::isKnown);
  }
}
