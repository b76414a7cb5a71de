// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.flink.InvalidOptionException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No spelling of a secret is taken, and no message repeats one. */
class KafkaClientPropertiesTest {
  private static final String PREFIX = "image-embedding.kafka.properties.";

  /** Every key that Kafka itself calls a password. */
  static Set<String> passwords() {
    Set<String> keys = new TreeSet<>();
    Stream.of(ConsumerConfig.configDef(), ProducerConfig.configDef(), AdminClientConfig.configDef())
        .flatMap(definition -> definition.configKeys().values().stream())
        .filter(key -> key.type() == ConfigDef.Type.PASSWORD)
        .forEach(key -> keys.add(key.name));
    return keys;
  }

  @ParameterizedTest
  @MethodSource("passwords")
  void whatKafkaCallsAPasswordIsNotWrittenOut(String key) {
    assertThat(passwords()).contains("ssl.keystore.key", "ssl.truststore.certificates");
    refused(key, "geheim");
    refused(key, "${env:X}geheim");
    refused(key, "geheim${env:X}");
    refused(key, "${env:X}${env:geheim}");
    refused(key, "${vault:geheim}");
    refused(key, "${env}geheim");
    taken(key, "${file:/run/secrets/kafka.properties:password}");
    taken(key, "${env:KAFKA_PASSWORD}");
    taken(key, "${directory:/run/secrets:kafka}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SSL.KEYSTORE.PASSWORD",
        "my.interceptor.api.key",
        "my.interceptor.apikey",
        "my.interceptor.passwd",
        "my.interceptor.pwd",
        "my.interceptor.passphrase",
        "my.interceptor.client-secret",
        "my.interceptor.access_token",
        "my.interceptor.private.key",
        "basic.auth.user.info",
        "schema.registry.basic.auth.user.info",
        "listener.name.x.sasl.jaas.config",
      })
  void whatSoundsLikeASecretIsNotWrittenOutEither(String key) {
    refused(key, "geheim");
    taken(key, "${env:SECRET}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x.PlainLoginModule required username=\"u\" password=\"geheim\";",
        "x.PlainLoginModule required username=u password=geheim;",
        "x.PlainLoginModule required username=u PASSWORD = 'geheim' ;",
        "x.PlainLoginModule required username=u \"password\"=\"geheim\";",
        "x.PlainLoginModule required username=u password=/* */\"geheim\";",
        "x.PlainLoginModule required username=u password\n=\n\"geheim\";",
        "x.PlainLoginModule required username=u password=\"${env:X}geheim\";",
        "x.PlainLoginModule required username=u password=\"geheim${env:X}\";",
        "x.PlainLoginModule required username=u password=\"\\147eheim\";",
        "x.OAuthBearerLoginModule required clientId=u clientSecret=\"geheim\";",
        "x.LoginModule required passphrase=\"geheim\";",
        "x.LoginModule required user=\"a\" pin=\"geheim\";",
        "x.Krb5LoginModule required principal=p; y.LoginModule required password=\"geheim\";",
        "x.PlainLoginModule required password=\"geheim",
        "geheim",
      })
  void aSecretInAnySpellingOfJaasIsRefused(String jaas) {
    refused("sasl.jaas.config", jaas);
    refused("admin.sasl.jaas.config", jaas);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "${file:/run/secrets/kafka.properties:jaas}",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\""
            + " password=\"${env:KAFKA}\";",
        "x.PlainLoginModule required username=u password=${file:/run/k.properties:password};",
        "x.ScramLoginModule required username=\"u\" password='${env:P}' tokenauth=true;",
        "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true"
            + " keyTab=\"/etc/kafka.keytab\" principal=\"kafka@EXAMPLE.ORG\";",
        "x.IAMLoginModule required awsProfileName=\"${env:AWS_PROFILE}\";",
      })
  void jaasWhoseSecretsComeFromElsewhereIsTaken(String jaas) {
    taken("sasl.jaas.config", jaas);
  }

  @ParameterizedTest
  @CsvSource({
    "sasl.oauthbearer.token.endpoint.url, https://me:geheim@idp/token",
    "anything.at.all, http://me:geheim@host",
  })
  void aPasswordInAnAddressIsRefused(String key, String value) {
    refused(key, value);
  }

  @ParameterizedTest
  @CsvSource({
    "sasl.oauthbearer.token.endpoint.url, https://idp/token",
    "ssl.keystore.location, /etc/keys",
    "ssl.truststore.type, PEM",
    "key.deserializer, x.Y",
    "client.id, a@b:c",
    "ssl.keystore.password, ''",
  })
  void whatIsNoSecretIsWrittenOut(String key, String value) {
    taken(key, value);
  }

  private static void taken(String key, String value) {
    assertThat(KafkaClientProperties.of("broker:9092", PREFIX, Map.of(key, value)))
        .containsEntry(key, value);
  }

  private static void refused(String key, String value) {
    assertThatExceptionOfType(InvalidOptionException.class)
        .isThrownBy(() -> KafkaClientProperties.of("broker:9092", PREFIX, Map.of(key, value)))
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .startsWith(PREFIX + key + ": ")
                    .contains("${file:PATH:KEY}", "${env:NAME}", "${directory:PATH:FILE}")
                    .doesNotContain("geheim", "147eheim", "\n"));
  }
}
