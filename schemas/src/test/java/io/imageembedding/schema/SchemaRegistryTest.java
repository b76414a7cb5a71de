// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SchemaRegistryTest {
  private final List<String> requests = new ArrayList<>();
  private final Map<Integer, String> schemas = new HashMap<>();
  private HttpServer server;
  private String url;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().toString();
          requests.add(
              exchange.getRequestMethod()
                  + " "
                  + path
                  + " "
                  + exchange.getRequestHeaders().getFirst("Authorization"));
          byte[] body = answer(path, exchange.getRequestBody().readAllBytes());
          exchange.sendResponseHeaders(
              body.length == 0 ? 404 : 200, body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    url = "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private byte[] answer(String path, byte[] body) throws IOException {
    ObjectMapper json = new ObjectMapper();
    if (path.startsWith("/subjects/")) {
      schemas.put(42, json.readTree(body).get("schema").asText());
      return "{\"id\":42}".getBytes(UTF_8);
    }
    String schema = schemas.get(Integer.parseInt(path.replace("/schemas/ids/", "")));
    return schema == null
        ? new byte[0]
        : json.writeValueAsBytes(json.createObjectNode().put("schema", schema));
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void embeddingsAreRegisteredOnceAndReadBackByTheirId() throws Exception {
    SchemaRegistry registry = new SchemaRegistry(url + "/", "user:pass\n");
    RecordWriter<EmbeddingFields> writer =
        RecordWriter.embeddings(WireFormat.CONFLUENT_AVRO, registry, "out put");
    byte[] value = writer.write(Samples.embedding());
    writer.write(Samples.embedding());

    assertThat(Arrays.copyOf(value, 5)).containsExactly(0, 0, 0, 0, 42);
    RecordReader<EmbeddingRecord> reader =
        RecordReader.embeddings(WireFormat.CONFLUENT_AVRO, registry);
    reader.read(value);
    assertThat(reader.read(value)).isEqualTo(Samples.generated(Samples.embedding()));
    assertThat(requests)
        .containsExactly(
            "POST /subjects/out+put-value/versions Basic dXNlcjpwYXNz",
            "GET /schemas/ids/42 Basic dXNlcjpwYXNz");
  }

  @Test
  void aWriterWithFewerFieldsIsRead() throws Exception {
    schemas.put(
        7,
        "{\"type\":\"record\",\"name\":\"ImageRecord\",\"namespace\":\"io.imageembedding.schema\","
            + "\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
            + "{\"name\":\"image\",\"type\":\"bytes\"},{\"name\":\"more\",\"type\":\"int\"}]}");
    byte[] value = {0, 0, 0, 0, 7, 2, 'a', 4, 1, 2, 8};
    ImageRecordReader reader =
        new ImageRecordReader(WireFormat.CONFLUENT_AVRO, new SchemaRegistry(url, null));

    assertThat(reader.read(null, value, Samples.ANYWHERE).image()).containsExactly(1, 2);
    assertThat(reader.fields(null, value, Samples.ANYWHERE).id()).isEqualTo("a");
  }

  @Test
  void anUnknownIdIsTheMessagesFaultAndAskedForOnce() {
    ImageRecordReader reader =
        new ImageRecordReader(WireFormat.CONFLUENT_AVRO, new SchemaRegistry(url, null));
    byte[] value = ByteBuffer.allocate(20).put((byte) 0).putInt(99).array();

    for (int i = 0; i < 3; i++) {
      assertThat(
              catchThrowableOfType(
                      UnreadableRecordException.class,
                      () -> reader.read(null, value, Samples.ANYWHERE).image())
                  .code())
          .isEqualTo(Code.UNKNOWN_SCHEMA);
    }
    assertThat(requests).hasSize(1);
  }

  @Test
  void schemasThatCannotBeUsedAreTheMessagesFault() {
    schemas.put(1, "no schema");
    schemas.put(2, "\"string\"");
    schemas.put(3, "[".repeat(5000));
    ImageRecordReader reader =
        new ImageRecordReader(WireFormat.CONFLUENT_AVRO, new SchemaRegistry(url, null));
    for (int id = 1; id <= 3; id++) {
      byte[] value = ByteBuffer.allocate(20).put((byte) 0).putInt(id).array();
      assertThat(
              catchThrowableOfType(
                      UnreadableRecordException.class,
                      () -> reader.read(null, value, Samples.ANYWHERE).image())
                  .code())
          .isEqualTo(Code.UNKNOWN_SCHEMA);
    }
  }

  @Test
  void onlyHttpAddressesWithoutCredentialsAreTaken() {
    for (String bad :
        List.of(
            "file:///etc/passwd",
            "ftp://host/",
            "http://user:geheim@host/",
            "http://user:ge heim@host/",
            "http://us_er:geheim@ho_st/",
            "http://host/?basic.auth.user.info=user:geheim",
            "nothing",
            "")) {
      assertThatThrownBy(() -> new SchemaRegistry(bad, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining("geheim")
          .hasMessageNotContaining("heim@");
    }
  }
}
