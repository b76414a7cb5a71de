// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FlinkRestTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String PASSWORD = "changeit";

  @TempDir Path folder;

  private Path keys() throws Exception {
    Path keys = folder.resolve("keys.p12");
    Process made =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-keyalg",
                    "EC",
                    "-alias",
                    "flink",
                    "-dname",
                    "CN=flink",
                    "-ext",
                    "san=ip:127.0.0.1",
                    "-storetype",
                    "PKCS12",
                    "-keystore",
                    keys.toString(),
                    "-storepass",
                    PASSWORD))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool.out").toFile())
            .start();
    assertThat(made.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(made.exitValue()).as(Files.readString(folder.resolve("keytool.out"))).isZero();
    return keys;
  }

  private static SSLContext server(Path keys) throws Exception {
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(
        KeyStore.getInstance(keys.toFile(), PASSWORD.toCharArray()), PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  @Test
  void aCertificateIsTrustedByFlinksOptionsAndByNothingElse() throws Exception {
    Path keys = keys();
    try (TestingFlink flink =
        TestingFlink.start(server(keys)).with("a".repeat(32), "b", "RUNNING")) {
      RestAddress address = RestAddress.of("https://" + flink.address());
      Configuration trusting =
          Configuration.fromMap(
              Map.of(
                  "security.ssl.rest.truststore",
                  keys.toString(),
                  "security.ssl.rest.truststore-password",
                  PASSWORD));

      assertThat(ClusterJob.choose(new FlinkRest(address, LIMIT, trusting), null).name())
          .isEqualTo("b");
      assertThatThrownBy(
              () -> new FlinkRest(address, LIMIT, new Configuration()).get("/jobs/overview"))
          .isInstanceOf(RestFailure.class)
          .hasMessageStartingWith(flink.address() + " cannot be spoken to by TLS: ");
      assertThatThrownBy(
              () ->
                  new FlinkRest(
                      address,
                      LIMIT,
                      Configuration.fromMap(
                          Map.of("security.ssl.rest.truststore", keys + ".missing"))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("security.ssl.rest");
    }
  }

  @Test
  void aPathOfAProxyIsKept() throws Exception {
    try (TestingFlink flink =
        TestingFlink.answering(
            exchange ->
                TestingFlink.reply(
                    exchange, 200, "application/json", "[\"" + exchange.getRequestURI() + "\"]"))) {
      RestAddress address = RestAddress.of("http://" + flink.address() + "/flink/");

      assertThat(new FlinkRest(address, LIMIT, new Configuration()).get("/jobs").get(0).asText())
          .isEqualTo("/flink/jobs");
    }
  }

  @Test
  void manySmallAnswersHaveAnEndToo() throws Exception {
    try (TestingFlink flink = TestingFlink.start()) {
      FlinkRest rest = new FlinkRest(RestAddress.of(flink.address()), LIMIT, new Configuration());
      rest.begin(Duration.ZERO);

      assertThatThrownBy(() -> rest.get("/jobs/overview"))
          .isInstanceOf(RestFailure.class)
          .hasMessageContaining(flink.address() + " takes too long");
    }
  }
}
