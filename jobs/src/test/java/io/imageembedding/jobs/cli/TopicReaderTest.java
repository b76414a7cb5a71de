// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embed.ClassScore;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.Image;
import io.imageembedding.schema.Model;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.Source;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TopicReaderTest {

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void scoresAreReadBackAsTheyWereWritten(WireFormat format) throws IOException {
    Answer answer =
        written(
            format,
            List.of(
                new io.imageembedding.schema.ClassScore("tabby", 0.7f),
                new io.imageembedding.schema.ClassScore("Schäferhund", 0.1f)));

    assertThat(answer.id()).isEqualTo("a.jpg");
    assertThat(answer.embedding().vector()).containsExactly(1, -2);
    assertThat(answer.embedding().scores())
        .containsExactly(new ClassScore("tabby", 0.7f), new ClassScore("Schäferhund", 0.1f));
  }

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void aRecordOfAModelThatIsNoClassifierIsReadBackWithoutScores(WireFormat format)
      throws IOException {
    assertThat(written(format, null).embedding().scores()).isEmpty();
  }

  private static Answer written(WireFormat format, List<io.imageembedding.schema.ClassScore> scores)
      throws IOException {
    EmbeddingFields fields =
        new EmbeddingFields(
            "a.jpg",
            new float[] {1, -2},
            new Model("m", "ab", "fp32", "way"),
            "cd",
            new Image("jpeg", 640, 427),
            new Source("images", 0, 1L, null),
            null,
            Map.of(),
            scores);
    byte[] value = RecordWriter.embeddings(format, null, "embeddings").write(fields);
    return new TopicReader(format, null)
        .answer(new ConsumerRecord<>("embeddings", 0, 0, null, value));
  }
}
