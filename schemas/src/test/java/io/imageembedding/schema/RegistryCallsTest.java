// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.imageembedding.schema.TestingRegistry.Behaviour;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class RegistryCallsTest {
  private static final String SCHEMA =
      "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"ImageRecord\\\","
          + "\\\"namespace\\\":\\\"io.imageembedding.schema\\\",\\\"fields\\\":["
          + "{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"string\\\"},"
          + "{\\\"name\\\":\\\"image\\\",\\\"type\\\":\\\"bytes\\\"}]}\",\"references\":[]}";
  private static final byte[] VALUE = {0, 0, 0, 0, 7, 2, 'a', 4, 1, 2};
  private static final RegistryCalls.Limits SHORT =
      new RegistryCalls.Limits(
          Duration.ofSeconds(3),
          Duration.ofMillis(300),
          Duration.ofSeconds(3),
          Duration.ofMillis(50));

  /** Where nothing is to be given up, however busy the machine is. */
  private static final RegistryCalls.Limits LONG =
      new RegistryCalls.Limits(
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          Duration.ofSeconds(100),
          Duration.ofMillis(50));

  private static ImageRecordReader reader(TestingRegistry registry) {
    return reader(registry, LONG);
  }

  private static ImageRecordReader reader(TestingRegistry registry, RegistryCalls.Limits limits) {
    return new ImageRecordReader(
        WireFormat.CONFLUENT_AVRO, new SchemaRegistry(registry.url(), "user:secret", limits));
  }

  @Test
  void aBodyThatDripsIsGivenUp() throws Exception {
    Behaviour drips =
        (request, connection) -> {
          OutputStream out = connection.getOutputStream();
          out.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".getBytes(US_ASCII));
          for (int i = 0; i < 100_000; i++) {
            out.write(' ');
            out.flush();
            Thread.sleep(50);
          }
        };
    assertGivenUp(drips, "does not answer in time");
  }

  @Test
  void headersThatDripAreGivenUp() throws Exception {
    Behaviour drips =
        (request, connection) -> {
          OutputStream out = connection.getOutputStream();
          out.write("HTTP/1.1 200 OK\r\n".getBytes(US_ASCII));
          for (int i = 0; i < 100_000; i++) {
            out.write(("x-" + i + ": 1\r\n").getBytes(US_ASCII));
            out.flush();
            Thread.sleep(50);
          }
        };
    assertGivenUp(drips, "does not answer in time");
  }

  @Test
  void silenceIsGivenUp() throws Exception {
    assertGivenUp((request, connection) -> Thread.sleep(60_000), "does not answer in time");
  }

  @Test
  void connectionsThatAreResetAreMadeAgainAndThenGivenUp() throws Exception {
    assertGivenUp(
        (request, connection) -> {
          connection.setSoLinger(true, 0);
          connection.close();
        },
        "does not answer");
  }

  private static void assertGivenUp(Behaviour behaviour, String why) throws Exception {
    try (TestingRegistry registry = new TestingRegistry(behaviour)) {
      ImageRecordReader reader = reader(registry, SHORT);
      assertThatThrownBy(() -> reader.read(null, VALUE, Samples.ANYWHERE).image())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("schema registry " + registry.url())
          .hasMessageContaining(why)
          .hasMessageContaining("tried for 3 s")
          .hasMessageNotContaining("secret");
      assertThat(registry.requests).hasSizeGreaterThan(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 425, 429, 500, 502, 503, 504})
  void aStatusThatCanPassIsWaitedFor(int status) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (TestingRegistry registry =
        new TestingRegistry(
            (request, connection) -> {
              boolean passed = asked.incrementAndGet() > 2;
              TestingRegistry.write(connection, passed ? 200 : status, passed ? SCHEMA : "busy");
            })) {
      assertThat(reader(registry).read(null, VALUE, Samples.ANYWHERE).image())
          .containsExactly(1, 2);
      assertThat(registry.requests).hasSize(3);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 404, 405, 410, 422})
  void aStatusThatIsOfTheIdIsTheMessagesFaultAndAskedForOnce(int status) throws Exception {
    try (TestingRegistry registry = new TestingRegistry(TestingRegistry.answers(status, ""))) {
      ImageRecordReader reader = reader(registry);
      for (int i = 0; i < 3; i++) {
        assertThat(code(reader, 7)).isEqualTo(Code.UNKNOWN_SCHEMA);
      }
      assertThat(registry.requests).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 401, 403, 407})
  void aStatusThatIsOfTheSettingsIsNoMessagesFault(int status) throws Exception {
    try (TestingRegistry registry = new TestingRegistry(TestingRegistry.answers(status, ""))) {
      assertThatThrownBy(() -> reader(registry).read(null, VALUE, Samples.ANYWHERE).image())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("answered " + status);
      assertThat(registry.requests).hasSize(1);
    }
  }

  @Test
  void aSchemaOfMoreThanAMebibyteIsTheMessagesFault() throws Exception {
    String large = "{\"schema\":\"" + " ".repeat(1048576) + "\"}";
    try (TestingRegistry registry = new TestingRegistry(TestingRegistry.answers(200, large))) {
      assertThat(code(reader(registry), 7)).isEqualTo(Code.UNKNOWN_SCHEMA);
    }
  }

  @Test
  void anIdThatNoRegistryGivesIsNotAskedFor() throws Exception {
    try (TestingRegistry registry = new TestingRegistry(TestingRegistry.answers(500, ""))) {
      assertThat(code(reader(registry), -1)).isEqualTo(Code.UNKNOWN_SCHEMA);
      assertThat(registry.requests).isEmpty();
    }
  }

  @Test
  void anInterruptEndsTheWaiting() throws Exception {
    try (TestingRegistry registry = new TestingRegistry(TestingRegistry.answers(503, ""))) {
      ImageRecordReader reader = reader(registry);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> reader.read(null, VALUE, Samples.ANYWHERE).image())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  private static Code code(ImageRecordReader reader, int id) {
    byte[] value = ByteBuffer.allocate(20).put((byte) 0).putInt(id).array();
    return catchThrowableOfType(
            UnreadableRecordException.class,
            () -> reader.read(null, value, Samples.ANYWHERE).image())
        .code();
  }
}
