// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.kafka.EmbeddedMessage.Refused;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.UnreadableRecordException;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.types.RecordSerializer;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.StringValue;

/**
 * Writes message and id, then what there is: the embedding as Avro, the refusal. Version 1 had the
 * bytes for the topic between them, which are made again.
 */
final class EmbeddedMessageSerializer extends RecordSerializer<EmbeddedMessage> {
  private static final long serialVersionUID = 1L;
  private static final int VERSION = 2;
  private static final int WITH_BYTES = 1;

  private transient RecordWriter<EmbeddingFields> writer;
  private transient RecordReader<EmbeddingRecord> reader;

  EmbeddedMessageSerializer() {
    super(VERSION);
  }

  @Override
  protected void write(EmbeddedMessage answer, DataOutputView out) throws IOException {
    KafkaMessageSerializer.INSTANCE.serialize(answer.message(), out);
    StringValue.writeString(answer.id(), out);
    KafkaMessageSerializer.writeNullable(
        answer.embedding().isEmpty() ? null : writer().write(answer.embedding().get()), out);
    out.writeBoolean(answer.refusal() != null);
    if (answer.refusal() != null) {
      StringValue.writeString(answer.refusal().code().name(), out);
      StringValue.writeString(answer.refusal().reason(), out);
    }
  }

  @Override
  protected EmbeddedMessage read(DataInputView in) throws IOException {
    return read(VERSION, in);
  }

  @Override
  protected EmbeddedMessage readOlder(int found, DataInputView in) throws IOException {
    return found == WITH_BYTES ? read(found, in) : super.readOlder(found, in);
  }

  private EmbeddedMessage read(int version, DataInputView in) throws IOException {
    KafkaMessage message = KafkaMessageSerializer.INSTANCE.deserialize(in);
    String id = StringValue.readString(in);
    byte[] embedding = KafkaMessageSerializer.readNullable(in);
    if (version == WITH_BYTES && in.readBoolean()) {
      OutgoingMessageSerializer.INSTANCE.deserialize(in);
    }
    Refused refused =
        in.readBoolean()
            ? new Refused(Code.valueOf(StringValue.readString(in)), StringValue.readString(in))
            : null;
    return new EmbeddedMessage(
        message, id, embedding == null ? null : embedding(embedding), refused);
  }

  private RecordWriter<EmbeddingFields> writer() throws IOException {
    if (writer == null) {
      writer = RecordWriter.embeddings(WireFormat.AVRO, null, "");
    }
    return writer;
  }

  private EmbeddingFields embedding(byte[] value) throws IOException {
    if (reader == null) {
      reader = RecordReader.embeddings(WireFormat.AVRO, null);
    }
    try {
      return EmbeddingFields.of(reader.read(value));
    } catch (UnreadableRecordException e) {
      throw new IOException("an embedding between two tasks cannot be read", e);
    }
  }

  @Override
  protected RecordSerializer<EmbeddedMessage> withNested(TypeSerializer<?>[] serializers) {
    return new EmbeddedMessageSerializer();
  }

  @Override
  public TypeSerializerSnapshot<EmbeddedMessage> snapshotConfiguration() {
    return new Snapshot();
  }

  /** What a savepoint remembers of the serializer. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<EmbeddedMessage> {
    public Snapshot() {
      super(EmbeddedMessageSerializer::new);
    }
  }
}
