// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.types.RecordSerializer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.StringValue;

/** Writes key, value, headers, then where the message came from. */
final class KafkaMessageSerializer extends RecordSerializer<KafkaMessage> {
  private static final long serialVersionUID = 1L;
  private static final int VERSION = 1;

  static final KafkaMessageSerializer INSTANCE = new KafkaMessageSerializer();

  private KafkaMessageSerializer() {
    super(VERSION);
  }

  @Override
  protected void write(KafkaMessage message, DataOutputView out) throws IOException {
    writeNullable(message.key(), out);
    writeNullable(message.value(), out);
    writeHeaders(message.headers(), out);
    StringValue.writeString(message.source().topic(), out);
    out.writeInt(message.source().partition());
    out.writeLong(message.source().offset());
    out.writeLong(message.source().timestamp());
  }

  @Override
  protected KafkaMessage read(DataInputView in) throws IOException {
    return new KafkaMessage(
        readNullable(in),
        readNullable(in),
        readHeaders(in),
        StringValue.readString(in),
        in.readInt(),
        in.readLong(),
        in.readLong());
  }

  static void writeHeaders(List<KafkaHeader> headers, DataOutputView out) throws IOException {
    out.writeInt(headers.size());
    for (KafkaHeader header : headers) {
      StringValue.writeString(header.key(), out);
      writeNullable(header.value(), out);
    }
  }

  static List<KafkaHeader> readHeaders(DataInputView in) throws IOException {
    int size = in.readInt();
    List<KafkaHeader> headers = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      headers.add(new KafkaHeader(StringValue.readString(in), readNullable(in)));
    }
    return headers;
  }

  static void writeNullable(byte[] bytes, DataOutputView out) throws IOException {
    out.writeBoolean(bytes != null);
    if (bytes != null) {
      writeBytes(bytes, out);
    }
  }

  static byte[] readNullable(DataInputView in) throws IOException {
    return in.readBoolean() ? readBytes(in) : null;
  }

  @Override
  protected RecordSerializer<KafkaMessage> withNested(TypeSerializer<?>[] serializers) {
    return INSTANCE;
  }

  @Override
  public TypeSerializerSnapshot<KafkaMessage> snapshotConfiguration() {
    return new Snapshot();
  }

  /** What a savepoint remembers of the serializer. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<KafkaMessage> {
    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}
