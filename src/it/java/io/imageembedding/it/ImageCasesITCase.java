// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.testing.ImageCases;
import io.imageembedding.testing.ImageCases.Case;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ImageCasesITCase {

  /** Odd and hostile files with good images between them, in one job. */
  @Test
  void everyFileIsAnsweredByTheJobAndItsNeighboursAreEmbedded() throws Exception {
    List<Case> cases = ImageCases.all();
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      TestTopics topics = new TestTopics(kafka.bootstrapServers(), 2);
      for (Case each : cases) {
        topics.send(topics.images(), each.name(), Files.readAllBytes(each.file()));
        topics.send(topics.images(), "good-" + each.name(), TestingImages.image(1));
      }
      run(topics.options());

      Map<String, List<Float>> embedded = new HashMap<>();
      RecordReader<EmbeddingRecord> embeddings = RecordReader.embeddings(WireFormat.AVRO, null);
      for (ConsumerRecord<byte[], byte[]> record : topics.committed(topics.embeddings())) {
        EmbeddingRecord read = embeddings.read(record.value());
        assertThat(embedded.put(read.getId(), read.getEmbedding())).isNull();
      }
      Map<String, DeadLetter> refused = new HashMap<>();
      RecordReader<DeadLetter> deadLetters = RecordReader.deadLetters(WireFormat.AVRO, null);
      for (ConsumerRecord<byte[], byte[]> record : topics.committed(topics.deadLetters())) {
        DeadLetter read = deadLetters.read(record.value());
        assertThat(refused.put(read.getId(), read)).isNull();
      }

      assertThat(embedded.size() + refused.size()).isEqualTo(2 * cases.size());
      List<Float> good = embedded.get("good-" + cases.get(0).name());
      for (Case each : cases) {
        DeadLetter letter = refused.get(each.name());
        each.check(
            letter == null ? ImageCases.EMBEDDED : letter.getCode().name(),
            letter == null ? "" : letter.getMessage());
        if (letter == null) {
          assertThat(embedded).containsKey(each.name());
        } else {
          assertThat(letter.getStage()).isEqualTo(Stage.image);
          assertThat(letter.getValue().array()).isEqualTo(Files.readAllBytes(each.file()));
        }
        assertThat(embedded.get("good-" + each.name())).as(each.name()).isEqualTo(good);
      }
    }
  }

  private static void run(Map<String, String> options) throws Exception {
    options.put("pipeline.name", "odd and hostile files");
    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    options.put("image-embedding.kafka.input.format", "raw");
    options.put("image-embedding.kafka.input.bounded", "true");
    options.put("image-embedding.image.orientation", "apply");
    Configuration config = EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    EmbedImagesJob.build(env, config);
    env.execute();
  }
}
