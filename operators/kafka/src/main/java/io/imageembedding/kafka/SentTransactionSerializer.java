// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.kafka.SentTransaction.RecordPlace;
import java.io.IOException;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * Version 1 is what the connector's own sink wrote; version 2 adds where one record of the
 * transaction lies.
 */
final class SentTransactionSerializer implements SimpleVersionedSerializer<SentTransaction> {
  private static final int CONNECTORS = 1;
  private static final int WITH_RECORD = 2;

  private final SimpleVersionedSerializer<KafkaCommittable> connectors;

  /**
   * @param connectors the connector's serializer
   */
  SentTransactionSerializer(SimpleVersionedSerializer<KafkaCommittable> connectors) {
    this.connectors = connectors;
  }

  @Override
  public int getVersion() {
    return WITH_RECORD;
  }

  @Override
  public byte[] serialize(SentTransaction transaction) throws IOException {
    byte[] committable = connectors.serialize(transaction.committable());
    DataOutputSerializer out = new DataOutputSerializer(committable.length + 64);
    out.writeInt(connectors.getVersion());
    out.writeInt(committable.length);
    out.write(committable);
    RecordPlace record = transaction.record();
    out.writeBoolean(record != null);
    if (record != null) {
      out.writeUTF(record.topic());
      out.writeInt(record.partition());
      out.writeLong(record.offset());
      out.writeLong(record.timestamp());
    }
    return out.getCopyOfBuffer();
  }

  @Override
  public SentTransaction deserialize(int version, byte[] bytes) throws IOException {
    if (version == CONNECTORS) {
      return new SentTransaction(connectors.deserialize(version, bytes), null);
    }
    if (version != WITH_RECORD) {
      throw new IOException(
          "transactions of version " + version + " in the state; this job reads up to 2");
    }
    DataInputDeserializer in = new DataInputDeserializer(bytes);
    int connectorsVersion = in.readInt();
    byte[] committable = new byte[in.readInt()];
    in.readFully(committable);
    RecordPlace record =
        in.readBoolean()
            ? new RecordPlace(in.readUTF(), in.readInt(), in.readLong(), in.readLong())
            : null;
    return new SentTransaction(connectors.deserialize(connectorsVersion, committable), record);
  }
}
