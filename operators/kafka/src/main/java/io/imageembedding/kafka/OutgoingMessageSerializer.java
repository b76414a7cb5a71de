// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.types.RecordSerializer;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Writes key, value, headers and partition. In version 1 there was always a value. */
final class OutgoingMessageSerializer extends RecordSerializer<OutgoingMessage> {
  private static final long serialVersionUID = 1L;
  private static final int VERSION = 2;
  private static final int WITH_VALUE = 1;

  static final OutgoingMessageSerializer INSTANCE = new OutgoingMessageSerializer();

  private OutgoingMessageSerializer() {
    super(VERSION);
  }

  @Override
  protected void write(OutgoingMessage message, DataOutputView out) throws IOException {
    KafkaMessageSerializer.writeNullable(message.key(), out);
    KafkaMessageSerializer.writeNullable(message.value(), out);
    KafkaMessageSerializer.writeHeaders(message.headers(), out);
    out.writeInt(message.partition());
  }

  @Override
  protected OutgoingMessage read(DataInputView in) throws IOException {
    return read(VERSION, in);
  }

  @Override
  protected OutgoingMessage readOlder(int found, DataInputView in) throws IOException {
    return found == WITH_VALUE ? read(found, in) : super.readOlder(found, in);
  }

  private static OutgoingMessage read(int version, DataInputView in) throws IOException {
    return new OutgoingMessage(
        KafkaMessageSerializer.readNullable(in),
        version == WITH_VALUE ? readBytes(in) : KafkaMessageSerializer.readNullable(in),
        KafkaMessageSerializer.readHeaders(in),
        in.readInt());
  }

  @Override
  protected RecordSerializer<OutgoingMessage> withNested(TypeSerializer<?>[] serializers) {
    return INSTANCE;
  }

  @Override
  public TypeSerializerSnapshot<OutgoingMessage> snapshotConfiguration() {
    return new Snapshot();
  }

  /** What a savepoint remembers of the serializer. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<OutgoingMessage> {
    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}
