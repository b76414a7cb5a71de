// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.ImageMessage;
import io.imageembedding.schema.ImageRecordReader;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.WireFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SampleRecordsTest {

  @Test
  void everyRecordIsReadByTheReadersOfConsumers() throws Exception {
    byte[] file = SampleImages.png(1);
    ImageMessage image =
        new ImageRecordReader(WireFormat.AVRO, null)
            .read(
                null,
                SampleRecords.image("a", file, Map.of("k", "v")),
                new SourcePosition(SampleRecords.TOPIC, 0, 0, 0));
    assertThat(image.fields().id()).isEqualTo("a");
    assertThat(image.fields().attributes()).isEqualTo(Map.of("k", "v"));
    assertThat(image.image()).isEqualTo(file);

    EmbeddingRecord embedding =
        RecordReader.embeddings(WireFormat.AVRO, null).read(SampleRecords.embedding("a", 1, 2));
    assertThat(embedding.getEmbedding()).containsExactly(1f, 2f);

    DeadLetter letter =
        RecordReader.deadLetters(WireFormat.AVRO, null).read(SampleRecords.deadLetter("a"));
    assertThat(letter.getCode()).isEqualTo(Code.TRUNCATED);
    assertThat(letter.getId()).isEqualTo("a");
  }
}
