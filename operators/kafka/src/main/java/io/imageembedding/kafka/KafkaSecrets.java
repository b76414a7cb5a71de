// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.safety.SecretNames;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;

/**
 * Tells whether a secret is written out in a property of Kafka's clients. What Kafka's own
 * definitions call a password, and what sounds like one, is a placeholder as a whole. In JAAS every
 * option is, unless it is known to be no secret: login modules of others call theirs what they
 * like.
 */
final class KafkaSecrets {
  private static final String JAAS = SaslConfigs.SASL_JAAS_CONFIG;

  private static final Set<String> PASSWORDS =
      Stream.of(
              ConsumerConfig.configDef(), ProducerConfig.configDef(), AdminClientConfig.configDef())
          .flatMap(definition -> definition.configKeys().values().stream())
          .filter(key -> key.type() == ConfigDef.Type.PASSWORD)
          .map(key -> key.name)
          .collect(Collectors.toUnmodifiableSet());

  /** Of the login modules of Kafka and the JDK, and of that of AWS. */
  private static final Set<String> NO_SECRETS =
      Set.of(
          "username",
          "user",
          "tokenauth",
          "clientid",
          "scope",
          "principal",
          "keytab",
          "usekeytab",
          "storekey",
          "useticketcache",
          "ticketcache",
          "renewtgt",
          "donotprompt",
          "refreshkrb5config",
          "isinitiator",
          "servicename",
          "debug",
          "awsprofilename",
          "awsrolearn",
          "awsrolesessionname",
          "awsstsregion",
          "awsdebugcreds");

  private final Pattern placeholder;

  /**
   * @param providers names of those that resolve placeholders; to Kafka another's is plain text
   */
  KafkaSecrets(List<String> providers) {
    String names = providers.stream().map(Pattern::quote).collect(Collectors.joining("|"));
    placeholder = Pattern.compile("\\$\\{(?:" + names + "):[^${}]+}");
  }

  boolean isWrittenOut(String key, String value) {
    if (value.isEmpty() || placeholder.matcher(value).matches()) {
      return false;
    }
    String name = key.toLowerCase(Locale.ROOT);
    if (is(JAAS, name)) {
      return isInJaas(value);
    }
    return PASSWORDS.stream().anyMatch(password -> is(password, name))
        || SecretNames.isSecret(key)
        || SecretNames.isBeforeHost(value)
        || SecretNames.assignedIn(value).isPresent();
  }

  private static boolean is(String known, String name) {
    return name.equals(known) || name.endsWith("." + known);
  }

  private boolean isInJaas(String jaas) {
    // Read as Kafka reads it: after placeholders have become words or parts of words.
    String resolved = "r" + UUID.randomUUID().toString().replace("-", "");
    String text = placeholder.matcher(jaas).replaceAll(resolved);
    try {
      return JaasContext.loadClientContext(Map.of(JAAS, new Password(text)))
          .configurationEntries()
          .stream()
          .map(AppConfigurationEntry::getOptions)
          .flatMap(options -> options.entrySet().stream())
          .anyMatch(
              option -> !isHarmless(option.getKey(), String.valueOf(option.getValue()), resolved));
    } catch (IllegalArgumentException | KafkaException e) {
      // Whatever it is, its message would repeat it.
      return true;
    }
  }

  private static boolean isHarmless(String option, String value, String resolved) {
    return value.equals(resolved)
        || value.equals("true")
        || value.equals("false")
        || NO_SECRETS.contains(option.toLowerCase(Locale.ROOT));
  }
}
