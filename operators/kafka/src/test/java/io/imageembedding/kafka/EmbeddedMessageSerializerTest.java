// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.kafka.EmbeddedMessage.Refused;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.EmbeddingFields;
import java.io.IOException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.SerializerTestBase;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.junit.jupiter.api.Test;

class EmbeddedMessageSerializerTest extends SerializerTestBase<EmbeddedMessage> {

  /** An embedding and a tombstone with their bytes, and what a store refused. */
  private static final String OF_VERSION_1 =
      "01010100000001010100000001020000000106747261636501000000010707696d61676573000000"
          + "03000000000000002a00000000000004d206612e6a70670100000063c3012fe5015bcd82adfe0a61"
          + "2e6a7067060000803f000020c00000000000026d046162086670333206776179046364086a706567"
          + "800ad6060c696d61676573065402a413020a020c63616d6572610c68c3a466656e0002020a746162"
          + "62790000003f00010201000000010101000000020909000000000000000300010101000000010101"
          + "00000001020000000106747261636501000000010707696d6167657300000003000000000000002a"
          + "00000000000004d202e4010001020100000001010000000000000000030001010100000001010100"
          + "000001020000000106747261636501000000010707696d6167657300000003000000000000002a00"
          + "000000000004d202630100000063c3012fe5015bcd82adfe0a612e6a7067060000803f000020c000"
          + "00000000026d046162086670333206776179046364086a706567800ad6060c696d61676573065402"
          + "a413020a020c63616d6572610c68c3a466656e0002020a74616262790000003f0000010a5a45524f"
          + "5f4e4f524d0d6e6f20646972656374696f6e";

  @Override
  protected TypeSerializer<EmbeddedMessage> createSerializer() {
    return EmbeddedMessage.typeInformation().createSerializer(new SerializerConfigImpl());
  }

  @Override
  protected int getLength() {
    return -1;
  }

  @Override
  protected Class<EmbeddedMessage> getTypeClass() {
    return EmbeddedMessage.class;
  }

  @Override
  protected EmbeddedMessage[] getTestData() {
    KafkaMessage message =
        new KafkaMessage(new byte[] {1}, new byte[] {2}, List.of(), "images", 3, 42, 1234);
    return new EmbeddedMessage[] {
      new EmbeddedMessage(message, "ä", embedding(List.of()), null),
      new EmbeddedMessage(message, "b", embedding(List.of(new ClassScore("tabby", 0.5f))), null),
      new EmbeddedMessage(message, "", null, null),
      new EmbeddedMessage(
          message, "c", embedding(List.of()), new Refused(Code.ZERO_NORM, "no direction")),
    };
  }

  private static EmbeddingFields embedding(List<ClassScore> scores) {
    return new EmbeddingFields(
        "a.jpg",
        new Embedding(
            new float[] {1, -2.5f, 0},
            new ImageInfo("jpeg", 640, 427),
            new Provenance("m", "ab", "fp32", "way", "cd"),
            scores),
        new SourcePosition("images", 3, 42, 1234),
        scores.isEmpty() ? null : Instant.ofEpochMilli(5),
        Map.of("camera", "häfen"));
  }

  @Test
  void answersWithTheirBytesAsVersion1WroteThemAreReadWithoutThem() throws IOException {
    KafkaMessage message =
        new KafkaMessage(
            new byte[] {1},
            new byte[] {2},
            List.of(new KafkaHeader("trace", new byte[] {7})),
            "images",
            3,
            42,
            1234);
    EmbeddingFields fields = embedding(List.of(new ClassScore("tabby", 0.5f)));
    DataInputDeserializer in = new DataInputDeserializer(HexFormat.of().parseHex(OF_VERSION_1));
    TypeSerializer<EmbeddedMessage> serializer = createSerializer();

    assertThat(serializer.deserialize(in)).isEqualTo(new EmbeddedMessage(message, fields));
    assertThat(serializer.deserialize(in)).isEqualTo(EmbeddedMessage.tombstone(message, "ä"));
    assertThat(serializer.deserialize(in))
        .isEqualTo(
            new EmbeddedMessage(message, "c", fields, new Refused(Code.ZERO_NORM, "no direction")));
    assertThat(in.available()).isZero();
  }

  @Override
  protected boolean allowNullInstances(TypeSerializer<EmbeddedMessage> serializer) {
    return true;
  }
}
