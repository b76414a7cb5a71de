// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.kafka.EmbeddedMessage.Refused;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.EmbeddingFields;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.SerializerTestBase;
import org.apache.flink.api.common.typeutils.TypeSerializer;

class EmbeddedMessageSerializerTest extends SerializerTestBase<EmbeddedMessage> {

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
    OutgoingMessage outgoing = new OutgoingMessage(new byte[] {1}, null, List.of(), 3);
    return new EmbeddedMessage[] {
      new EmbeddedMessage(message, "ä", embedding(List.of()), outgoing, null),
      new EmbeddedMessage(
          message, "b", embedding(List.of(new ClassScore("tabby", 0.5f))), null, null),
      new EmbeddedMessage(message, "", null, outgoing, null),
      new EmbeddedMessage(
          message, "c", embedding(List.of()), null, new Refused(Code.ZERO_NORM, "no direction")),
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

  @Override
  protected boolean allowNullInstances(TypeSerializer<EmbeddedMessage> serializer) {
    return true;
  }
}
