// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.InvalidOptionException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.flink.annotation.Internal;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.provider.DirectoryConfigProvider;
import org.apache.kafka.common.config.provider.EnvVarConfigProvider;
import org.apache.kafka.common.config.provider.FileConfigProvider;

/**
 * Properties of Kafka's clients in which no secret stands: passwords are placeholders that Kafka
 * itself resolves where a client starts, <code>${file:PATH:KEY}</code>, <code>${env:NAME}</code> or
 * <code>${directory:PATH:FILE}</code>.
 */
@Internal
public final class KafkaClientProperties {
  private static final List<String> PROVIDERS = List.of("file", "env", "directory");

  private KafkaClientProperties() {}

  /**
   * @param keyPrefix what the keys are called by where the person wrote them, for messages
   * @param given properties of Kafka's clients
   * @throws InvalidOptionException if a secret is written out in one of them
   */
  public static Properties of(
      String bootstrapServers, String keyPrefix, Map<String, String> given) {
    Properties properties = new Properties();
    List<String> providers = providers(given.get(AbstractConfig.CONFIG_PROVIDERS_CONFIG));
    KafkaSecrets secrets = new KafkaSecrets(providers);
    provider(properties, "file", FileConfigProvider.class);
    provider(properties, "env", EnvVarConfigProvider.class);
    provider(properties, "directory", DirectoryConfigProvider.class);
    given.forEach(
        (key, value) -> {
          if (secrets.isWrittenOut(key, value)) {
            throw new InvalidOptionException(
                keyPrefix
                    + key
                    + ": a secret is not written out"
                    + (key.endsWith(SaslConfigs.SASL_JAAS_CONFIG)
                        ? ", nor an option of a login module that could be one"
                        : "")
                    + "; allowed: ${file:PATH:KEY}, ${env:NAME} or ${directory:PATH:FILE}, and"
                    + " nothing beside it");
          }
          properties.setProperty(key, value);
        });
    properties.setProperty(AbstractConfig.CONFIG_PROVIDERS_CONFIG, String.join(",", providers));
    properties.setProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    return properties;
  }

  private static void provider(Properties properties, String name, Class<?> type) {
    properties.setProperty(
        AbstractConfig.CONFIG_PROVIDERS_CONFIG + "." + name + ".class", type.getName());
  }

  /** Ours, and those that a person adds. */
  private static List<String> providers(String added) {
    return Stream.concat(
            PROVIDERS.stream(),
            added == null ? Stream.of() : Stream.of(added.split(",")).map(String::strip))
        .filter(name -> !name.isEmpty())
        .distinct()
        .toList();
  }
}
