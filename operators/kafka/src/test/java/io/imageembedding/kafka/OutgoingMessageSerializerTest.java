// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.SerializerTestBase;
import org.apache.flink.api.common.typeutils.TypeSerializer;

class OutgoingMessageSerializerTest extends SerializerTestBase<OutgoingMessage> {

  @Override
  protected TypeSerializer<OutgoingMessage> createSerializer() {
    return OutgoingMessage.typeInformation().createSerializer(new SerializerConfigImpl());
  }

  @Override
  protected int getLength() {
    return -1;
  }

  @Override
  protected Class<OutgoingMessage> getTypeClass() {
    return OutgoingMessage.class;
  }

  @Override
  protected OutgoingMessage[] getTestData() {
    return new OutgoingMessage[] {
      new OutgoingMessage(null, new byte[] {1}, List.of(), 3),
      new OutgoingMessage(
          new byte[0], new byte[0], List.of(new KafkaHeader("trace", new byte[] {3})), 0)
    };
  }

  @Override
  protected boolean allowNullInstances(TypeSerializer<OutgoingMessage> serializer) {
    return true;
  }
}
