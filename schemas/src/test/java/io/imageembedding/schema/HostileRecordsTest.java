// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Schemas that a registry took and records that name them, of somebody who means no good. */
@Timeout(180)
class HostileRecordsTest {
  private static final int ID = 7;
  private static final String GOOD =
      "{'name':'id','type':'string'},{'name':'image','type':'bytes'}";

  private final Map<Integer, String> schemas = new HashMap<>();
  private TestingRegistry registry;
  private ImageRecordReader reader;

  @BeforeEach
  void start() throws Exception {
    ObjectMapper json = new ObjectMapper();
    registry =
        new TestingRegistry(
            (request, connection) -> {
              String id = request.replaceAll("GET /schemas/ids/(\\d+) .*", "$1");
              String schema = schemas.get(Integer.valueOf(id));
              String body = json.createObjectNode().put("schema", schema).toString();
              TestingRegistry.write(connection, 200, body);
            });
    reader =
        new ImageRecordReader(WireFormat.CONFLUENT_AVRO, new SchemaRegistry(registry.url(), null));
  }

  @AfterEach
  void stop() throws Exception {
    registry.close();
  }

  static Stream<Arguments> schemasThatAreNotRead() {
    return Stream.of(
        schema("capturedAt is a string", GOOD + ",{'name':'capturedAt','type':'string'}"),
        schema(
            "attributes may be null",
            GOOD
                + ",{'name':'attributes','type':{'type':'map','values':['null','string']},"
                + "'default':{}}"),
        schema(
            "attributes are numbers",
            GOOD + ",{'name':'attributes','type':{'type':'map','values':'long'}}"),
        schema(
            "attributes are an array",
            GOOD + ",{'name':'attributes','type':{'type':'array'," + "'items':'string'}}"),
        schema(
            "attributes are a union",
            GOOD + ",{'name':'attributes','type':['null',{'type':" + "'map','values':'string'}]}"),
        schema(
            "the id may be null",
            "{'name':'id','type':['null','string']}," + "{'name':'image','type':'bytes'}"),
        schema("the id is a number", "{'name':'id','type':'long'},{'name':'image','type':'bytes'}"),
        schema("there is no id", "{'name':'image','type':'bytes'}"),
        schema(
            "the image is an array of ints",
            "{'name':'id','type':'string'},{'name':'image',"
                + "'type':{'type':'array','items':'int'}}"),
        schema(
            "the image is of fixed length",
            "{'name':'id','type':'string'},{'name':'image',"
                + "'type':{'type':'fixed','name':'F','size':3}}"),
        schema(
            "the image is a record within itself",
            "{'name':'id','type':'string'},{'name':"
                + "'image','type':'io.imageembedding.schema.ImageRecord'}"),
        schema("a billion fields written in thirty lines", GOOD + "," + doubling(30, "'null'")),
        schema("a billion fields of ints", GOOD + "," + doubling(30, "'int'")),
        schema(
            "a billion fields in a union",
            GOOD + ",{'name':'more','type':['null'," + definition(30, "'int'") + "]}"),
        schema("records within records by name, 3000 deep", GOOD + "," + chain(3000)),
        schema(
            "arrays within arrays, 150 deep",
            GOOD
                + ",{'name':'more','type':"
                + "{'type':'array','items':".repeat(150)
                + "'int'"
                + "}".repeat(150)
                + "}"),
        schema(
            "20000 fields",
            GOOD
                + ","
                + IntStream.range(0, 20_000)
                    .mapToObj(i -> "{'name':'f" + i + "','type':'null'}")
                    .collect(Collectors.joining(","))),
        Arguments.of("an enum", "{'type':'enum','name':'ImageRecord','symbols':['a']}"),
        Arguments.of("a union", "['null','string']"),
        Arguments.of("a type that is not defined", "'io.imageembedding.schema.Nothing'"),
        Arguments.of("a number", "17"),
        Arguments.of("nothing", ""),
        Arguments.of("objects 5000 deep", "{'type':".repeat(5000)),
        Arguments.of("a record without fields", "{'type':'record','name':'ImageRecord'}"));
  }

  private static Arguments schema(String what, String fields) {
    return Arguments.of(what, record(fields));
  }

  private static String record(String fields) {
    return "{'type':'record','name':'ImageRecord','namespace':'io.imageembedding.schema',"
        + "'fields':["
        + fields
        + "]}";
  }

  /** Field of a type that has the type below it twice, and so on. */
  private static String doubling(int levels, String leaf) {
    return "{'name':'more','type':" + definition(levels, leaf) + ",'default':{}}";
  }

  private static String definition(int level, String leaf) {
    if (level == 0) {
      return "{'type':'record','name':'L0','fields':[{'name':'n','type':" + leaf + "}]}";
    }
    return "{'type':'record','name':'L"
        + level
        + "','fields':[{'name':'a','type':"
        + definition(level - 1, leaf)
        + ",'default':{}},{'name':'b','type':'L"
        + (level - 1)
        + "','default':{}}]}";
  }

  private static String chain(int length) {
    IntFunction<String> link =
        i ->
            "{'name':'c"
                + i
                + "','type':{'type':'record','name':'C"
                + i
                + "','fields':[{'name':'n','type':"
                + (i == 0 ? "'null'" : "'C" + (i - 1) + "'")
                + "}]}}";
    return IntStream.range(0, length).mapToObj(link).collect(Collectors.joining(","));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("schemasThatAreNotRead")
  void aSchemaThatDoesNotFitOrIsTooLargeIsUnknownForImageAndMetadataAlike(
      String what, String schema) {
    schemas.put(ID, schema.replace('\'', '"'));
    byte[] value = value(2, 'a', 4, 1, 2, 2, 'x', 0, 0, 0, 0, 0);

    for (int i = 0; i < 2; i++) {
      assertThat(
              catchThrowableOfType(
                      UnreadableRecordException.class,
                      () -> reader.read(null, value, Samples.ANYWHERE).image())
                  .code())
          .isEqualTo(Code.UNKNOWN_SCHEMA);
      assertThat(
              catchThrowableOfType(
                      UnreadableRecordException.class,
                      () -> reader.fields(null, value, Samples.ANYWHERE))
                  .code())
          .isEqualTo(Code.UNKNOWN_SCHEMA);
    }
    assertThat(registry.requests).hasSizeLessThanOrEqualTo(1);
  }

  static Stream<Arguments> recordsThatAreNotRead() {
    String nothing = "{'type':'record','name':'N','fields':[]}";
    String nulls =
        "{'type':'record','name':'N','fields':["
            + IntStream.range(0, 9000)
                .mapToObj(i -> "{'name':'n" + i + "','type':'null'}")
                .collect(Collectors.joining(","))
            + "]}";
    String array = "{'name':'more','type':{'type':'array','items':%s}},";
    String list =
        "{'name':'more','type':{'type':'record','name':'List','fields':"
            + "[{'name':'next','type':['null','List']}]}},";
    return Stream.of(
        Arguments.of("a negative length of the id", GOOD, bytes(1, 'a', 4, 1, 2)),
        Arguments.of("an id of two gigabytes", GOOD, bytes(-2, -1, -1, -1, 15, 1)),
        Arguments.of("a length of 2^63", GOOD, bytes(-2, -1, -1, -1, -1, -1, -1, -1, -1, 1, 0)),
        Arguments.of("a number that does not end", GOOD, repeated(0xff, 1000)),
        Arguments.of(
            "an array of 2^40 records of nothing",
            array.formatted(nothing) + GOOD,
            bytes(-128, -128, -128, -128, -128, -128, 1, 0, 2, 'a', 2, 1)),
        Arguments.of(
            "many records of 9000 nulls each",
            array.formatted(nulls) + GOOD,
            join(varint(100_000), repeated(0, 100_000))),
        Arguments.of(
            "a block that says it is shorter than it is",
            array.formatted("'int'") + GOOD,
            bytes(3, 2, 2, 2, 0, 2, 'a', 2, 1)),
        Arguments.of(
            "a block of a negative size",
            array.formatted("'int'") + GOOD,
            bytes(3, 1, 2, 2, 0, 2, 'a', 2, 1)),
        Arguments.of(
            "a block that hides a length of two gigabytes",
            array.formatted("'bytes'") + GOOD,
            bytes(1, 0, 12, -2, -1, -1, -1, 15, 1, 0, 2, 'a', 2, 1)),
        Arguments.of(
            "the smallest count there is",
            array.formatted("'int'") + GOOD,
            bytes(-1, -1, -1, -1, -1, -1, -1, -1, -1, 1, 0, 2, 'a', 2, 1)),
        Arguments.of("a list of 100000 within each other", list + GOOD, repeated(2, 100_000)),
        Arguments.of("bytes behind the record", GOOD, bytes(2, 'a', 2, 1, 0)),
        Arguments.of("no bytes at all", GOOD, bytes()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("recordsThatAreNotRead")
  void bytesThatAreNoRecordAreRefused(String what, String fields, byte[] record) {
    schemas.put(ID, record(fields).replace('\'', '"'));
    byte[] value = join(bytes(0, 0, 0, 0, ID), record);

    assertThat(
            catchThrowableOfType(
                    UnreadableRecordException.class,
                    () -> reader.read(null, value, Samples.ANYWHERE).image())
                .code())
        .isEqualTo(Code.WRONG_WIRE_FORMAT);
    assertThat(
            catchThrowableOfType(
                    UnreadableRecordException.class,
                    () -> reader.fields(null, value, Samples.ANYWHERE))
                .code())
        .isEqualTo(Code.WRONG_WIRE_FORMAT);
  }

  static Stream<Arguments> schemasThatAreRead() {
    return Stream.of(
        schema("fewer fields", GOOD),
        schema("texts as bytes", "{'name':'id','type':'bytes'},{'name':'image','type':'string'}"),
        schema("a date as int", GOOD + ",{'name':'capturedAt','type':['int','null']}"),
        schema(
            "more fields than anybody needs",
            GOOD
                + ",{'name':'a','type':{'type':'array','items':{'type':'record','name':'A',"
                + "'fields':[{'name':'x','type':'double'},{'name':'y','type':{'type':'map',"
                + "'values':['null','long','A']}}]}}},{'name':'d','type':{'type':'bytes',"
                + "'logicalType':'decimal','precision':9}},{'name':'e','type':{'type':'enum',"
                + "'name':'E','symbols':['p','q']}},{'name':'n','type':'null'}"),
        schema(
            "a date of another unit",
            GOOD
                + ",{'name':'capturedAt','type':{'type':'long',"
                + "'logicalType':'timestamp-micros'}}"),
        schema(
            "attributes as bytes",
            GOOD + ",{'name':'attributes','type':{'type':'map'," + "'values':'bytes'}}"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("schemasThatAreRead")
  void whateverTheBytesAreNothingButARefusalComesOut(String what, String text) throws Exception {
    schemas.put(ID, text.replace('\'', '"'));
    Schema schema = new Schema.Parser().parse(schemas.get(ID));
    Random random = new Random(1);
    int read = 0;
    for (int i = 0; i < 2_000; i++) {
      byte[] value = join(bytes(0, 0, 0, 0, ID), random(schema, random));
      for (int changes = i % 4; changes > 0; changes--) {
        value[5 + random.nextInt(value.length - 5)] = (byte) random.nextInt(256);
      }
      try {
        reader.read(null, value, Samples.ANYWHERE).image();
        reader.fields(null, value, Samples.ANYWHERE);
        read++;
      } catch (UnreadableRecordException e) {
        assertThat(i % 4 == 0 && e.code() != Code.MISSING_ID && e.code() != Code.UNUSABLE_ID)
            .as("a whole record is read: %s", e.getMessage())
            .isFalse();
      }
    }
    assertThat(read).isGreaterThan(100);
  }

  private static byte[] random(Schema schema, Random random) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder out = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<Object>(schema).write(value(schema, random, 0), out);
    out.flush();
    return bytes.toByteArray();
  }

  private static Object value(Schema schema, Random random, int depth) {
    return switch (schema.getType()) {
      case RECORD -> {
        GenericData.Record record = new GenericData.Record(schema);
        for (Schema.Field field : schema.getFields()) {
          record.put(field.pos(), value(field.schema(), random, depth + 1));
        }
        yield record;
      }
      case UNION ->
          value(
              schema.getTypes().get(depth > 4 ? 0 : random.nextInt(schema.getTypes().size())),
              random,
              depth);
      case ARRAY ->
          Collections.nCopies(
              depth > 4 ? 0 : random.nextInt(3), value(schema.getElementType(), random, depth + 1));
      case MAP ->
          depth > 4 || random.nextBoolean()
              ? Map.of()
              : Collections.singletonMap("k", value(schema.getValueType(), random, depth + 1));
      case ENUM -> new GenericData.EnumSymbol(schema, schema.getEnumSymbols().get(0));
      case STRING -> random.nextBoolean() ? "häfen" : "a\uff5eb";
      case BYTES -> ByteBuffer.wrap(random.nextBoolean() ? "a".getBytes(UTF_8) : bytes(200, 'b'));
      case INT -> random.nextInt();
      case LONG -> random.nextLong();
      case DOUBLE -> random.nextDouble();
      case NULL -> null;
      default -> throw new AssertionError(schema);
    };
  }

  @Test
  void aThousandWritersLaterTheFirstIsStillRead() {
    for (int id = 1; id <= 1_500; id++) {
      schemas.put(id, record(GOOD + ",{'name':'n" + id + "','type':'null'}").replace('\'', '"'));
    }
    for (int id = 1; id <= 1_501; id++) {
      int asked = id == 1_501 ? 1 : id;
      byte[] value =
          ByteBuffer.allocate(9).put((byte) 0).putInt(asked).put(bytes(2, 'a', 2, 1)).array();
      assertThatCode(
              () ->
                  assertThat(reader.read(null, value, Samples.ANYWHERE).image()).containsExactly(1))
          .doesNotThrowAnyException();
    }
    assertThat(registry.requests).hasSize(1_501);
  }

  private static byte[] value(int... bytes) {
    return join(bytes(0, 0, 0, 0, ID), bytes(bytes));
  }

  private static byte[] bytes(int... bytes) {
    byte[] all = new byte[bytes.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) bytes[i];
    }
    return all;
  }

  private static byte[] repeated(int value, int times) {
    byte[] all = new byte[times];
    Arrays.fill(all, (byte) value);
    return all;
  }

  private static byte[] varint(int value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (long left = 2L * value; ; left >>>= 7) {
      if (left < 128) {
        bytes.write((int) left);
        return bytes.toByteArray();
      }
      bytes.write((int) left | 0x80);
    }
  }

  private static byte[] join(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }
}
