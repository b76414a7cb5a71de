// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.kafka.KafkaOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.apache.flink.util.TimeUtils;
import org.junit.jupiter.api.Test;

class OptionsTableTest {
  private static final Path PROJECT = Path.of(System.getProperty("image-embedding.project"));
  private static final Path TABLE = PROJECT.resolve("jobs/OPTIONS.md");

  @Test
  void theTableShowsEveryOptionAsItIs() throws IOException {
    if (Boolean.getBoolean("options.write")) {
      Files.writeString(TABLE, table());
    }
    assertThat(TABLE).as("write it anew with -Doptions.write=true").hasContent(table());
  }

  private static String table() {
    StringBuilder table = new StringBuilder();
    table.append("# Options\n\n");
    table.append("In a YAML file (nested or with dots), or as `-D key=value`. Of two places that ");
    table.append("set the same key, the first of these wins: `-D` after the job's jar or of ");
    table.append("`./embed job`; the file of `--config`; `flink run -D` before the jar; the ");
    table.append("configuration of the cluster that `flink run` reads; the defaults here. ");
    table.append("An unknown key and a value out of range are refused before the job starts.\n\n");
    section(table, "The operator", EmbedOptions.all());
    section(table, "The topics", KafkaOptions.all());
    table
        .append("`")
        .append(KafkaOptions.PROPERTIES_PREFIX)
        .append("*` goes to every Kafka client ");
    table.append("without its prefix, such as `security.protocol`. A secret is never written out ");
    table.append("but given as `${file:PATH:KEY}`, `${env:NAME}` or `${directory:PATH:FILE}`.\n\n");
    section(table, "The vector store", StoreOptions.all());
    table.append("## Flink's own\n\n");
    table.append("Every option of Flink can be set too. These have another default here, where ");
    table.append("neither the job's own options nor the environment say anything:\n\n");
    table.append("| key | default | |\n|---|---|---|\n");
    JobDefaults.everywhere().forEach(each -> flinks(table, each, ""));
    JobDefaults.inOneProcess()
        .forEach(each -> flinks(table, each, "`./embed job` in its own process"));
    table.append("\nRestarts are Flink's own: `restart-strategy.type` is `exponential-delay`, ");
    table.append(
        "after 1 s first and after 1 min at most, without an end. A job that should give ");
    table.append("up sets `restart-strategy.exponential-delay.attempts-before-reset-backoff`.\n");
    return table.toString();
  }

  private static void flinks(StringBuilder table, JobDefaults.Default<?> each, String where) {
    row(table, each.option(), text(each.value()));
    table.append(" ").append(where).append(" |\n");
  }

  private static void section(StringBuilder table, String title, List<ConfigOption<?>> options) {
    table.append("## ").append(title).append("\n\n");
    table.append("| key | default | meaning |\n|---|---|---|\n");
    for (ConfigOption<?> option : options) {
      row(table, option, option.hasDefaultValue() ? text(option.defaultValue()) : null);
      table.append(" ").append(new HtmlFormatter().format(option.description())).append(" |\n");
    }
    table.append("\n");
  }

  private static void row(StringBuilder table, ConfigOption<?> option, String value) {
    table.append("| `").append(option.key()).append("` | ");
    table.append(value == null ? "" : "`" + value + "`").append(" |");
  }

  private static String text(Object value) {
    if (value instanceof Duration duration) {
      return TimeUtils.formatWithHighestUnit(duration);
    }
    if (value instanceof List<?> list) {
      return list.stream().map(Object::toString).collect(Collectors.joining(";"));
    }
    return value instanceof Enum<?>
        ? value.toString().toLowerCase(Locale.ROOT).replace('_', '-')
        : value.toString();
  }
}
