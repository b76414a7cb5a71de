// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.kafka.KafkaClientProperties;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import picocli.CommandLine.Option;

/** Options by which a command reaches Kafka. */
final class KafkaConnection {

  @Option(
      names = "--bootstrap-servers",
      required = true,
      paramLabel = "HOST:PORT",
      description = "Brokers to begin with, separated by commas.")
  private String bootstrapServers;

  @Option(
      names = "--property",
      paramLabel = "KEY=VALUE",
      description =
          "Property of Kafka's clients, such as security.protocol. Secrets are not written out but"
              + " given as $${file:PATH:KEY}, $${env:NAME} or $${directory:PATH:FILE}.")
  private Map<String, String> properties = new LinkedHashMap<>();

  String bootstrapServers() {
    return bootstrapServers;
  }

  Properties clientProperties() {
    return KafkaClientProperties.of(bootstrapServers, "--property ", properties);
  }
}
