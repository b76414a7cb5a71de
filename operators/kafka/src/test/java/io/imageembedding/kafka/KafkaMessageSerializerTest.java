// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.embedding.SourcePosition;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.SerializerTestBase;
import org.apache.flink.api.common.typeutils.TypeSerializer;

class KafkaMessageSerializerTest extends SerializerTestBase<KafkaMessage> {

  @Override
  protected TypeSerializer<KafkaMessage> createSerializer() {
    return KafkaMessage.typeInformation().createSerializer(new SerializerConfigImpl());
  }

  @Override
  protected int getLength() {
    return -1;
  }

  @Override
  protected Class<KafkaMessage> getTypeClass() {
    return KafkaMessage.class;
  }

  @Override
  protected KafkaMessage[] getTestData() {
    return new KafkaMessage[] {
      new KafkaMessage(null, null, List.of(), "t", 0, 0, SourcePosition.NO_TIMESTAMP),
      new KafkaMessage(
          new byte[] {1, 2},
          new byte[0],
          List.of(new KafkaHeader("trace", new byte[] {3}), new KafkaHeader("trace", null)),
          "images",
          7,
          Long.MAX_VALUE,
          1_700_000_000_000L)
    };
  }

  @Override
  protected boolean allowNullInstances(TypeSerializer<KafkaMessage> serializer) {
    return true;
  }
}
