// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.kafka.SentTransaction.RecordPlace;
import java.io.IOException;
import java.util.Properties;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.util.StringUtils;
import org.junit.jupiter.api.Test;

class SentTransactionSerializerTest {
  private static final KafkaCommittable COMMITTABLE =
      new KafkaCommittable(4711, (short) 12, "photos-0-7", null);

  private final SimpleVersionedSerializer<KafkaCommittable> connectors =
      KafkaSink.<OutgoingMessage>builder()
          .setBootstrapServers("127.0.0.1:1")
          .setKafkaProducerConfig(new Properties())
          .setRecordSerializer(new MessageSerializer("out"))
          .build()
          .getCommittableSerializer();
  private final SentTransactionSerializer serializer = new SentTransactionSerializer(connectors);

  @Test
  void transactionsKeepTheirRecord() throws IOException {
    SentTransaction withRecord =
        new SentTransaction(COMMITTABLE, new RecordPlace("out", 3, 1_000_000, 1_700_000_000_000L));
    SentTransaction without = new SentTransaction(COMMITTABLE, null);

    assertThat(read(serializer.serialize(withRecord))).isEqualTo(withRecord);
    assertThat(read(serializer.serialize(without))).isEqualTo(without);
  }

  @Test
  void whatTheConnectorsOwnSinkWroteIsRead() throws IOException {
    byte[] written = connectors.serialize(COMMITTABLE);

    assertThat(connectors.getVersion()).isEqualTo(1);
    assertThat(StringUtils.byteToHexString(written))
        .isEqualTo("000c0000000000001267000a70686f746f732d302d37");
    assertThat(serializer.deserialize(1, written))
        .isEqualTo(new SentTransaction(COMMITTABLE, null));
  }

  @Test
  void whatALaterVersionWroteIsRefused() {
    assertThatThrownBy(() -> serializer.deserialize(3, new byte[40]))
        .isInstanceOf(IOException.class)
        .hasMessage("transactions of version 3 in the state; this job reads up to 2");
  }

  private SentTransaction read(byte[] bytes) throws IOException {
    return serializer.deserialize(serializer.getVersion(), bytes);
  }
}
