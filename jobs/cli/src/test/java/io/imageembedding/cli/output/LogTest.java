// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.ConfigurationFactory;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines that repeat are thinned out of the logs, and nothing else is. */
class LogTest {
  private static final Path PROJECT = Path.of(System.getProperty("image-embedding.project"));
  private static final String LAUNCHER = "jobs/cli/src/main/resources/log4j2.xml";
  private static final String CLUSTER = "deploy/log4j-image-embedding.properties";
  private static final String METRICS = "org.apache.flink.metrics.MetricGroup";
  private static final String CLIENT = "org.apache.kafka.clients.NetworkClient";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {LAUNCHER, CLUSTER})
  void theGaugeThatFlinkRegistersInEachCheckpointIsNotToldAndOthersAre(String file)
      throws IOException {
    try (LoggerContext log = load(file)) {
      assertThat(
              isTold(
                  log,
                  METRICS,
                  Level.WARN,
                  "Name collision: Group already contains a Metric with the name"
                      + " 'pendingCommittables'. Metric will not be reported.[a, b]"))
          .isFalse();
      assertThat(
              isTold(
                  log,
                  METRICS,
                  Level.WARN,
                  "Name collision: Group already contains a Metric with the name 'imagesIn'."
                      + " Metric will not be reported.[a, b]"))
          .isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {LAUNCHER, CLUSTER})
  void aBrokerThatIsAwayIsToldButNotAThousandTimes(String file) throws IOException {
    try (LoggerContext log = load(file)) {
      long told =
          IntStream.range(0, 1000)
              .filter(
                  i ->
                      isTold(
                          log,
                          CLIENT,
                          Level.WARN,
                          "[Producer clientId=producer-"
                              + i
                              + "] Connection to node 1 (localhost/127.0.0.1:9092) could not be"
                              + " established. Node may not be available."))
              .count();

      assertThat(told).isBetween(10L, 30L);
      for (int i = 0; i < 100; i++) {
        assertThat(
                file.equals(CLUSTER)
                    || isTold(log, CLIENT, Level.WARN, "Error while fetching metadata"))
            .isTrue();
        assertThat(isTold(log, CLIENT, Level.ERROR, "Connection to node 1 disconnected")).isTrue();
      }
    }
  }

  @Test
  void theLauncherIsQuietUnlessItIsAsked() throws IOException {
    try (LoggerContext log = load(LAUNCHER)) {
      assertThat(log.getConfiguration().getRootLogger().getLevel()).isEqualTo(Level.OFF);
      assertThat(log.getConfiguration().getLoggerConfig("org.apache.kafka.x").getLevel())
          .isEqualTo(Level.OFF);
    }
  }

  private LoggerContext load(String file) throws IOException {
    Path loaded = PROJECT.resolve(file);
    if (file.equals(CLUSTER)) {
      loaded = folder.resolve("log4j.properties");
      Files.writeString(
          loaded, "rootLogger.level = INFO\n" + Files.readString(PROJECT.resolve(file)));
    }
    LoggerContext context = new LoggerContext(file);
    context.start(
        ConfigurationFactory.getInstance().getConfiguration(context, file, loaded.toUri()));
    return context;
  }

  private static boolean isTold(LoggerContext log, String name, Level level, String message) {
    LoggerConfig logger = log.getConfiguration().getLoggerConfig(name);
    assertThat(logger.getName()).isEqualTo(name);
    LogEvent event =
        Log4jLogEvent.newBuilder()
            .setLoggerName(name)
            .setLevel(level)
            .setMessage(new SimpleMessage(message))
            .build();
    return !logger.isFiltered(event);
  }
}
