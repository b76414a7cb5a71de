// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.embed.InvalidOptionException;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.provider.DirectoryConfigProvider;
import org.apache.kafka.common.config.provider.EnvVarConfigProvider;
import org.apache.kafka.common.config.provider.FileConfigProvider;

/**
 * Properties of Kafka's clients in which no secret stands: passwords are placeholders that Kafka
 * itself resolves where a client starts, <code>${file:PATH:KEY}</code>, <code>${env:NAME}</code> or
 * <code>${directory:PATH:FILE}</code>.
 */
public final class KafkaClientProperties {
  private static final Pattern SECRET_KEY =
      Pattern.compile("(?i).*(password|secret|token|credential|ssl\\.keystore\\.key)$");
  private static final Pattern SECRET_IN_JAAS =
      Pattern.compile("(?i)(password|secret|token)\\s*=\\s*[\"']?(?!\\$\\{)[^\"'\\s;]");

  private KafkaClientProperties() {}

  /**
   * @param keyPrefix what the keys are called by where the person wrote them, for messages
   * @param given properties of Kafka's clients
   * @throws InvalidOptionException if a secret is written out in one of them
   */
  public static Properties of(
      String bootstrapServers, String keyPrefix, Map<String, String> given) {
    Properties properties = new Properties();
    properties.setProperty(AbstractConfig.CONFIG_PROVIDERS_CONFIG, "file,env,directory");
    provider(properties, "file", FileConfigProvider.class);
    provider(properties, "env", EnvVarConfigProvider.class);
    provider(properties, "directory", DirectoryConfigProvider.class);
    given.forEach(
        (key, value) -> {
          if (isSecret(key, value)) {
            throw new InvalidOptionException(
                keyPrefix
                    + key
                    + ": a secret is not written out; allowed: ${file:PATH:KEY}, ${env:NAME} or"
                    + " ${directory:PATH:FILE}");
          }
          properties.setProperty(key, value);
        });
    properties.setProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    return properties;
  }

  private static void provider(Properties properties, String name, Class<?> type) {
    properties.setProperty(
        AbstractConfig.CONFIG_PROVIDERS_CONFIG + "." + name + ".class", type.getName());
  }

  private static boolean isSecret(String key, String value) {
    return SECRET_KEY.matcher(key).matches() && !value.isEmpty() && !value.startsWith("${")
        || key.endsWith("sasl.jaas.config") && SECRET_IN_JAAS.matcher(value).find();
  }
}
