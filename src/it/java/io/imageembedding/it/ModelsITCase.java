// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.cli.Embed;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.graph.Npy;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models in every form, on real photos, by the command line and by the streaming job. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ModelsITCase {
  private static EmbeddedKafka kafka;
  private static TestTopics topics;
  @TempDir Path folder;

  @BeforeAll
  static void start() throws Exception {
    kafka = EmbeddedKafka.start();
    topics = new TestTopics(kafka.bootstrapServers(), 2);
    topics.publish(photos());
  }

  @AfterAll
  static void stop() {
    if (kafka != null) {
      kafka.close();
    }
  }

  private static List<Path> photos() throws IOException {
    try (Stream<Path> files = Files.list(TestData.path("images/photos"))) {
      return files.filter(file -> !file.toString().endsWith(".txt")).sorted().toList();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "feature_vector_2, python_tf, false",
    "feature_vector_2_wrapped, python_tf, false",
    "feature_vector_5, python_tf, false",
    "mobilenet_v2_1.0_224.tgz, python_tf, false",
    "classification_2, classification_2, true",
    "feature_vector_035_96, feature_vector_035_96, false",
    "tf1_hub_035_96, tf1_hub_035_96, false",
    "keras_classifier, keras_classifier, true"
  })
  void theVectorsAreThoseOfTensorFlowsPython(String model, String golden, boolean classifier)
      throws Exception {
    Path path = TestData.path("models/" + model);
    Map<String, Npy> expected =
        Npy.readArchive(TestData.path("golden/from_files_" + golden + ".npz"));

    Map<String, JsonNode> byImage = image(path);
    assertThat(byImage).hasSize(9);
    byImage.forEach(
        (name, answer) -> {
          assertVector(expected.get(name), floats(answer.get("vector")));
          assertThat(answer.has("scores")).isEqualTo(classifier);
        });
    Map<String, EmbeddingRecord> byJob = job(path, "embeddings-" + model.replace('_', '-'));
    assertThat(byJob).hasSize(9);
    byJob.forEach(
        (name, record) -> {
          assertVector(expected.get(name), floats(record.getEmbedding()));
          if (classifier) {
            assertThat(record.getScores()).hasSize(5);
            float first = record.getScores().get(0).getScore();
            assertThat(record.getScores()).allMatch(score -> score.getScore() <= first);
          } else {
            assertThat(record.getScores()).isNull();
          }
        });
  }

  @Test
  void aHostileModelIsRefusedByBothBeforeItRuns() throws Exception {
    Path hostile = TestData.path("models/hostile_writes_a_file");

    Ended image = embed("image", "--model", hostile.toString(), photos().get(0).toString());

    assertThat(image.exitCode()).isEqualTo(1);
    assertThat(image.err()).contains("WriteFile").doesNotContain("\tat ");
    assertThatThrownBy(() -> job(hostile, "embeddings-hostile"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("WriteFile");
    assertThat(folder.resolve("EVIL_WAS_HERE")).doesNotExist();
    assertThat(Path.of("EVIL_WAS_HERE")).doesNotExist();
  }

  @Test
  void labelsNameTheClasses() throws Exception {
    Ended image =
        embed(
            "image",
            "--json",
            "--model",
            TestData.path("models/classification_2").toString(),
            "--labels",
            TestData.path("weights/imagenet_labels.txt").toString(),
            TestData.path("golden/parrot_224.png").toString());

    assertThat(image.exitCode()).as(image.err()).isZero();
    JsonNode best = new ObjectMapper().readTree(image.lastLine()).get("scores").get(0);
    assertThat(best.get("label").asText())
        .isEqualTo(Files.readAllLines(TestData.path("weights/imagenet_labels.txt")).get(89));
  }

  @Test
  void aFineTunedModelIsTakenAtOnce() throws Exception {
    Ended trained =
        embed(
            "fine-tune",
            "--images",
            TestData.path("finetune/images").toString(),
            "--output",
            "trained",
            "--head-only",
            "--epochs",
            "2");
    assertThat(trained.exitCode()).as(trained.err()).isZero();
    Path model = folder.resolve("trained/model");

    Map<String, EmbeddingRecord> answers = job(model, "embeddings-fine-tuned");

    assertThat(answers.get("parrot.jpg").getScores().get(0).getLabel()).isEqualTo("parrot");
    assertThat(answers.get("rocket.jpg").getScores().get(0).getLabel()).isEqualTo("rocket");
    assertThat(answers.get("parrot.jpg").getEmbedding()).hasSize(5);
  }

  private Map<String, JsonNode> image(Path model) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("image", "--json", "--model", model.toString()));
    photos().forEach(photo -> arguments.add(photo.toString()));
    Ended image = embed(arguments.toArray(String[]::new));
    assertThat(image.exitCode()).as(image.err()).isZero();
    Map<String, JsonNode> answers = new TreeMap<>();
    for (String line : image.out()) {
      JsonNode answer = new ObjectMapper().readTree(line);
      answers.put(Path.of(answer.get("id").asText()).getFileName().toString(), answer);
    }
    return answers;
  }

  private static Map<String, EmbeddingRecord> job(Path model, String output) throws Exception {
    topics.create(output);
    Map<String, String> options = topics.options();
    options.put("pipeline.name", output);
    options.put("image-embedding.model", model.toString());
    options.put("image-embedding.kafka.input.format", "raw");
    options.put("image-embedding.kafka.input.bounded", "true");
    options.put("image-embedding.kafka.output.topic", output);
    Configuration config = EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    EmbedImagesJob.build(env, config);
    env.execute();
    RecordReader<EmbeddingRecord> reader = RecordReader.embeddings(WireFormat.AVRO, null);
    Map<String, EmbeddingRecord> records = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> message : topics.committed(output)) {
      EmbeddingRecord record = reader.read(message.value());
      records.put(record.getId(), record);
    }
    return records;
  }

  private static void assertVector(Npy expected, float[] actual) {
    assertThat(Npy.maxAbsDifference(expected.values(), actual)).isLessThan(1e-3);
  }

  private static float[] floats(JsonNode array) {
    float[] floats = new float[array.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = array.get(i).floatValue();
    }
    return floats;
  }

  private static float[] floats(List<Float> list) {
    float[] floats = new float[list.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = list.get(i);
    }
    return floats;
  }

  private Ended embed(String... arguments) throws IOException, InterruptedException {
    return JavaProcess.run(
        folder,
        Map.of(),
        JavaProcess.command(Embed.class, List.of(arguments)).toArray(String[]::new));
  }
}
