// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.SerializerTestBase;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

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
      new OutgoingMessage(new byte[] {1}, null, List.of(), 2),
      new OutgoingMessage(
          new byte[0], new byte[0], List.of(new KafkaHeader("trace", new byte[] {3})), 0)
    };
  }

  @Test
  void whatVersionOneWroteIsStillRead() throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(64);
    out.writeByte(1);
    out.writeBoolean(true);
    out.writeInt(1);
    out.write(7);
    out.writeInt(2);
    out.write(new byte[] {8, 9});
    out.writeInt(0);
    out.writeInt(3);

    assertThat(createSerializer().deserialize(new DataInputDeserializer(out.getCopyOfBuffer())))
        .isEqualTo(new OutgoingMessage(new byte[] {7}, new byte[] {8, 9}, List.of(), 3));
  }

  @Override
  protected boolean allowNullInstances(TypeSerializer<OutgoingMessage> serializer) {
    return true;
  }
}
