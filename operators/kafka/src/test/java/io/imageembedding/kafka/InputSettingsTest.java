// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Properties;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InputSettingsTest {

  @ParameterizedTest
  @CsvSource({"false, , 60000", "false, 5000, 5000", "false, 0, 0", "true, , -1", "true, 5000, -1"})
  void newPartitionsAreSeenWithinAMinuteOrAsTheUserSaysUnlessTheInputEnds(
      boolean bounded, String given, String interval) {
    Map<String, String> own =
        given == null ? Map.of() : Map.of("partition.discovery.interval.ms", given);

    assertThat(connector(bounded, own).getProperty("partition.discovery.interval.ms"))
        .isEqualTo(interval);
  }

  @Test
  void aConsumerNeverGoesOverAnOffsetThatIsGoneByItself() {
    assertThat(connector(false, Map.of()).getProperty("auto.offset.reset")).isEqualTo("none");
  }

  @Test
  void theUsersOwnClientIdAndIsolationAreHonoured() {
    Properties connector =
        connector(false, Map.of("client.id", "mine", "isolation.level", "read_uncommitted"));

    assertThat(connector.getProperty("client.id.prefix")).isEqualTo("mine");
    assertThat(connector.getProperty("isolation.level")).isEqualTo("read_uncommitted");
    assertThat(connector(false, Map.of()).getProperty("client.id.prefix")).isEqualTo("photos");
    assertThat(connector(false, Map.of()).getProperty("isolation.level"))
        .isEqualTo("read_committed");
  }

  private static Properties connector(boolean bounded, Map<String, String> own) {
    Configuration config = new Configuration();
    config.set(KafkaOptions.INPUT_BOUNDED, bounded);
    return InputSettings.of(
            config,
            "images",
            "photos",
            KafkaClientProperties.of("broker:9092", KafkaOptions.PROPERTIES_PREFIX, own))
        .connector();
  }
}
