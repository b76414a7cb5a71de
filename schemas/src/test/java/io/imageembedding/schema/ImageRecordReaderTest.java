// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.imageembedding.embedding.SourcePosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ImageRecordReaderTest {
  private final ImageRecordReader avro = new ImageRecordReader(WireFormat.AVRO, null);
  private final ImageRecordReader raw = new ImageRecordReader(WireFormat.RAW, null);

  @Test
  void imageAndMetadataAreReadApart() throws Exception {
    byte[] value = encode(Samples.image());

    assertThat(avro.read(null, value, Samples.ANYWHERE).image())
        .isEqualTo("not really a JPEG".getBytes(UTF_8));
    ImageFields metadata = avro.fields(null, value, Samples.ANYWHERE);
    assertThat(metadata.id()).isEqualTo("a/photo.jpg");
    assertThat(metadata.capturedAt()).isEqualTo(Instant.ofEpochMilli(1_600_000_000_000L));
    assertThat(metadata.attributes()).isEqualTo(Map.of("camera", "häfen"));
  }

  @Test
  void whatIsMissingIsNamed() throws Exception {
    assertThat(code(avro, null)).isEqualTo(Code.NULL_VALUE);
    assertThat(code(raw, null)).isEqualTo(Code.NULL_VALUE);
    assertThat(code(avro, encode(new ImageRecord("", Samples.buffer("x"), null, null, Map.of()))))
        .isEqualTo(Code.MISSING_ID);
    assertThat(code(avro, encode(new ImageRecord("id", null, "file:/x", null, Map.of()))))
        .isEqualTo(Code.MISSING_IMAGE);
  }

  @Test
  void anImageOfNoBytesIsLeftToWhoDecodesIt() throws Exception {
    assertThat(
            avro.read(
                    null,
                    encode(new ImageRecord("id", Samples.buffer(""), null, null, Map.of())),
                    Samples.ANYWHERE)
                .image())
        .isEmpty();
  }

  @Test
  void bytesOfAnotherFormatAreRefused() throws Exception {
    byte[] value = encode(Samples.image());
    byte[] unknownSchema = value.clone();
    unknownSchema[5] ^= 1;

    assertThat(code(avro, new byte[0])).isEqualTo(Code.WRONG_WIRE_FORMAT);
    assertThat(code(avro, "some text that is long enough".getBytes(UTF_8)))
        .isEqualTo(Code.WRONG_WIRE_FORMAT);
    assertThat(code(avro, unknownSchema)).isEqualTo(Code.UNKNOWN_SCHEMA);
    assertThat(code(avro, Arrays.copyOf(value, value.length - 1)))
        .isEqualTo(Code.WRONG_WIRE_FORMAT);
    assertThat(code(avro, Arrays.copyOf(value, value.length + 1)))
        .isEqualTo(Code.WRONG_WIRE_FORMAT);
    assertThat(
            code(
                avro,
                RecordWriter.deadLetters(WireFormat.AVRO, null, "t").write(Samples.deadLetter())))
        .isEqualTo(Code.UNKNOWN_SCHEMA);
  }

  @Test
  void rawIdsAreTheKeyOrThePlace() throws Exception {
    byte[] value = {1};
    assertThat(
            raw.fields("häfen.jpg".getBytes(UTF_8), value, new SourcePosition("t", 2, 7, 0)).id())
        .isEqualTo("häfen.jpg");
    assertThat(raw.fields(null, value, new SourcePosition("t", 2, 7, 0)).id()).isEqualTo("t-2-7");
    assertThat(raw.fields(new byte[0], value, new SourcePosition("t", 2, 7, 0)).id())
        .isEqualTo("t-2-7");
    assertThat(raw.fields(new byte[] {(byte) 0xff}, value, new SourcePosition("t", 2, 7, 0)).id())
        .isEqualTo("t-2-7");
    assertThat(raw.read(null, value, Samples.ANYWHERE).image()).isSameAs(value);
  }

  @Test
  void keysAndIdsWithControlCharactersAreNoIds() throws Exception {
    byte[] serializedLong = ByteBuffer.allocate(8).putLong(4711).array();
    byte[] registrysFraming = {0, 0, 0, 0, 7, 10, 'a', '.', 'j', 'p', 'g'};
    for (byte[] key :
        new byte[][] {
          serializedLong, registrysFraming, {'a', '\n'}, {'a', 0x7f}, "a\u0085b".getBytes(UTF_8)
        }) {
      assertThat(ImageRecordReader.id(key)).isEmpty();
      assertThat(raw.fields(key, new byte[] {1}, new SourcePosition("t", 2, 7, 0)).id())
          .isEqualTo("t-2-7");
    }
    for (String id : new String[] {"a\nb", "\0", "a\u001b[31m", "\u009b"}) {
      byte[] value = encode(new ImageRecord(id, Samples.buffer("x"), null, null, Map.of()));
      assertThat(code(avro, value)).isEqualTo(Code.UNUSABLE_ID);
      assertThatThrownBy(() -> avro.fields(null, value, Samples.ANYWHERE))
          .isInstanceOf(UnreadableRecordException.class);
    }
  }

  @Test
  void whateverTheBytesAreOnlyARefusalComesOut() throws Exception {
    byte[] whole = encode(Samples.image());
    Random random = new Random(1);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] mutant = Arrays.copyOf(whole, 10 + random.nextInt(whole.length));
      for (int change = random.nextInt(4); change >= 0; change--) {
        mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(256);
      }
      try {
        avro.read(null, mutant, Samples.ANYWHERE).image();
        avro.fields(null, mutant, Samples.ANYWHERE);
      } catch (UnreadableRecordException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(10_000);
  }

  @Test
  void aLengthOfTwoGigabytesIsNotAllocated() {
    ByteBuffer value = ByteBuffer.allocate(30).put(header());
    value.put(new byte[] {2, 'a', 2}).put(new byte[] {-2, -1, -1, -1, 15});

    assertThat(code(avro, value.array())).isEqualTo(Code.WRONG_WIRE_FORMAT);
  }

  @Test
  void formatsThatAreNotForInputAreRefused() {
    assertThatThrownBy(() -> new ImageRecordReader(WireFormat.JSON, null))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ImageRecordReader(WireFormat.CONFLUENT_AVRO, null))
        .hasMessageContaining("needs a schema registry");
    assertThatThrownBy(() -> WireFormat.parse("xml"))
        .hasMessageContaining("allowed: avro, confluent-avro, raw, json");
  }

  private static byte[] header() {
    try {
      return Arrays.copyOf(encode(Samples.image()), 10);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] encode(ImageRecord record) throws IOException {
    return Samples.array(ImageRecord.getEncoder().encode(record));
  }

  private static Code code(ImageRecordReader reader, byte[] value) {
    return catchThrowableOfType(
            UnreadableRecordException.class,
            () -> reader.read(null, value, Samples.ANYWHERE).image())
        .code();
  }
}
