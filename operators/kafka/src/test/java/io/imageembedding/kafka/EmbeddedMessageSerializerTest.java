// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.kafka.EmbeddedMessage.Refused;
import io.imageembedding.schema.ClassScore;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.Image;
import io.imageembedding.schema.Model;
import io.imageembedding.schema.Source;
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
      new EmbeddedMessage(message, "ä", embedding(null), outgoing, null),
      new EmbeddedMessage(
          message, "b", embedding(List.of(new ClassScore("tabby", 0.5f))), null, null),
      new EmbeddedMessage(message, "", null, outgoing, null),
      new EmbeddedMessage(
          message, "c", embedding(null), null, new Refused(Code.ZERO_NORM, "no direction")),
    };
  }

  private static EmbeddingFields embedding(List<ClassScore> scores) {
    return new EmbeddingFields(
        "a.jpg",
        new float[] {1, -2.5f, 0},
        new Model("m", "ab", "fp32", "way"),
        "cd",
        new Image("jpeg", 640, 427),
        new Source("images", 3, 42L, Instant.ofEpochMilli(1234)),
        scores == null ? null : Instant.ofEpochMilli(5),
        Map.of("camera", "häfen"),
        scores);
  }

  @Override
  protected boolean allowNullInstances(TypeSerializer<EmbeddedMessage> serializer) {
    return true;
  }
}
