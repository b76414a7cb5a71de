// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.schema.ImageRecord;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.Version;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TopicImagesTest {
  private static final ImageMetadata SOME =
      new ImageMetadata(new ImageInfo("png", 1, 1), null, null, Map.of());
  private static final byte[] FIRST = {1, 2, 3};
  private static final byte[] SECOND = {4, 5};

  private static EmbeddedKafka kafka;
  private static Properties properties;

  @BeforeAll
  static void publish() throws Exception {
    kafka = EmbeddedKafka.start();
    properties = KafkaClientProperties.of(kafka.bootstrapServers(), "", Map.of());
    try (TopicAdmin admin = new TopicAdmin(properties);
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      admin.createIfMissing("avro", 2);
      admin.createIfMissing("raw", 1);
      for (byte[] image : new byte[][] {FIRST, SECOND}) {
        ByteBuffer value =
            ImageRecord.getEncoder()
                .encode(new ImageRecord("a", ByteBuffer.wrap(image), null, null, Map.of()));
        byte[] bytes = new byte[value.remaining()];
        value.get(bytes);
        producer.send(new ProducerRecord<>("avro", 1, null, bytes)).get();
        producer.send(new ProducerRecord<>("raw", 0, "b".getBytes(UTF_8), image)).get();
      }
    }
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  @Test
  void theMessageThatAVectorWasMadeOfIsRead() throws Exception {
    try (ImageSource avro = ImageSource.messages(properties, WireFormat.AVRO, null);
        ImageSource raw = ImageSource.messages(properties, WireFormat.RAW, null)) {
      assertThat(avro.find("a", new Version(1, "avro", 1, 1), SOME)).contains(SECOND);
      assertThat(avro.find("a", new Version(1, "avro", 1, 0), SOME)).contains(FIRST);
      assertThat(raw.find("b", new Version(1, "raw", 0, 1), SOME)).contains(SECOND);
    }
  }

  @Test
  void whatIsNoMoreThereOrAnothersIsNotThere() throws Exception {
    try (ImageSource avro = ImageSource.messages(properties, WireFormat.AVRO, null)) {
      assertThat(avro.find("another", new Version(1, "avro", 1, 0), SOME)).isEmpty();
      assertThat(avro.find("a", new Version(1, "avro", 1, 99), SOME)).isEmpty();
      assertThat(avro.find("a", Version.at(1), SOME)).isEmpty();
      assertThat(avro.find("a", new Version(1, "raw", 0, 0), SOME)).isEmpty();
      assertThat(avro.find("a", new Version(1, "avro", 1, 0), SOME)).contains(FIRST);
    }
  }

  @Test
  void aBrokerThatIsNotThereIsAFailureThatCanPass() {
    Properties nowhere = KafkaClientProperties.of("127.0.0.1:1", "", Map.of());
    try (ImageSource images = ImageSource.messages(nowhere, WireFormat.AVRO, null)) {
      assertThatThrownBy(() -> images.find("a", new Version(1, "avro", 1, 0), SOME))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("nothing came from");
    }
  }
}
