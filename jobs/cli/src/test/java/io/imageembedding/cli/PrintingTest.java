// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.cli.output.PrintableJson;
import io.imageembedding.cli.output.PrintableWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing from outside reaches a terminal as anything but text. */
class PrintingTest {
  private static final String HOSTILE =
      "a\u001b[2Jb\u009b31mc\u202ed\u2066e\rf\ng\u0007h\u200bi\u007fj";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final PrintWriter printer = new PrintableWriter(new PrintWriter(out, true));

  private static void assertPrintable(String text) {
    assertThat(text.chars().filter(c -> c != '\n').filter(PrintingTest::isObeyed)).isEmpty();
  }

  private static boolean isObeyed(int character) {
    return Character.isISOControl(character) || Character.getType(character) == Character.FORMAT;
  }

  @Test
  void aLineIsOneLine() {
    printer.println(HOSTILE);
    printer.println((Object) HOSTILE);
    printer.printf("%s %d%n", HOSTILE, 7);
    printer.printf(Locale.ROOT, "%s%n", new StringBuilder(HOSTILE));

    assertThat(out.toString().lines()).hasSize(4);
    assertThat(out.toString()).contains("\\u001b[2J", "\\u202e", "\\u000a", " 7");
    assertPrintable(out.toString());
  }

  @Test
  void pieceByPieceNothingGetsThroughEither() {
    printer.print(HOSTILE.replaceAll("[\r\n]", ""));
    printer.write(0x1b);
    printer.write("\u001b\u202e".toCharArray());
    printer.append('\u001b').append("\u202e").print('\u009b');
    printer.println();
    printer.flush();

    assertThat(out.toString().lines()).hasSize(1);
    assertPrintable(out.toString());
  }

  @Test
  void whatCanBeReadIsPrintedAsItIs() {
    printer.println("Größe 名 😀.jpg");
    assertThat(out).hasToString("Größe 名 😀.jpg" + System.lineSeparator());
  }

  @Test
  void everyCommandPrintsThatWay(@TempDir Path folder) {
    String path = folder.resolve("no\u001b[31m\u202estore").toString();
    int exitCode =
        Embed.newCommandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute("store", "describe", "lucene:" + path);
    Embed.newCommandLine(new PrintWriter(out, true), new PrintWriter(err, true))
        .execute("--no-such\u001b[31m");
    Embed.newCommandLine(new PrintWriter(out, true), new PrintWriter(err, true)).execute("--help");

    assertThat(exitCode).isEqualTo(1);
    assertThat(err.toString()).contains("\\u001b[31m\\u202estore", "--no-such\\u001b");
    assertThat(out.toString()).contains("doctor");
    assertPrintable(err.toString() + out);
  }

  @Test
  void jsonIsTheSameTextAndPrintable() throws Exception {
    String json = PrintableJson.MAPPER.writeValueAsString(Map.of("id", HOSTILE + "ß😀"));

    assertPrintable(json);
    assertThat(json).contains("ß😀", "\\u202e", "\\u009b").doesNotContain("\n");
    assertThat(new ObjectMapper().readTree(json).get("id").asText()).isEqualTo(HOSTILE + "ß😀");
    byte[] bytes = PrintableJson.MAPPER.writeValueAsBytes(Map.of("id", HOSTILE + "ß😀"));
    assertPrintable(new String(bytes, UTF_8));
    assertThat(new ObjectMapper().readTree(bytes)).isEqualTo(new ObjectMapper().readTree(json));
  }

  @Test
  void theLogIsPrintableToo() {
    LoggerContext context = (LoggerContext) LogManager.getContext(false);
    ConsoleAppender appender = context.getConfiguration().getAppender("stderr");
    LogEvent event =
        Log4jLogEvent.newBuilder()
            .setLoggerName("x")
            .setMessage(new SimpleMessage(HOSTILE))
            .setThrown(new IllegalStateException(HOSTILE))
            .build();

    String line = (String) appender.getLayout().toSerializable(event);

    assertThat(line).contains("a?[2Jb", "IllegalStateException");
    assertPrintable(line.replace("\t", ""));
  }
}
