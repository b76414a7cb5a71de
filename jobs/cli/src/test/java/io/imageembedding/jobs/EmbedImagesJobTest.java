// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.kafka.KafkaSetupException;
import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.model.ModelException;
import io.imageembedding.vectorstore.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobInfoImpl;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmbedImagesJobTest {
  private static final String NO_MODEL = "image-embedding.model=no-such-model";

  @TempDir private Path folder;

  private static EmbeddedKafka kafka;

  @BeforeAll
  static void start() throws IOException {
    kafka = EmbeddedKafka.start();
    try (TopicAdmin admin =
        new TopicAdmin(KafkaClientProperties.of(kafka.bootstrapServers(), "", Map.of()))) {
      for (String topic : List.of("images", "embeddings", "dead-letters")) {
        admin.createIfMissing(topic, 1);
      }
    }
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  @Test
  void whatTheEnvironmentSaysStaysAndOnlyTheRestGetsTheJobsDefaults() throws Exception {
    StreamGraph asTheEnvironment =
        submitted(
            Map.of(
                "pipeline.name", "photos",
                "execution.checkpointing.interval", "5 min",
                "execution.checkpointing.tolerable-failed-checkpoints", "9",
                "execution.checkpointing.externalized-checkpoint-retention",
                    "DELETE_ON_CANCELLATION"));

    assertThat(asTheEnvironment.getJobName()).isEqualTo("photos");
    assertThat(asTheEnvironment.getCheckpointConfig().getCheckpointInterval()).isEqualTo(300_000);
    assertThat(asTheEnvironment.getCheckpointConfig().getTolerableCheckpointFailureNumber())
        .isEqualTo(9);
    assertThat(asTheEnvironment.getCheckpointConfig().getExternalizedCheckpointRetention())
        .isEqualTo(ExternalizedCheckpointRetention.DELETE_ON_CANCELLATION);

    StreamGraph byDefault = submitted(Map.of());

    assertThat(byDefault.getJobName()).isEqualTo(EmbedImagesJob.DEFAULT_NAME);
    assertThat(byDefault.getCheckpointConfig().getCheckpointInterval()).isEqualTo(10_000);
    assertThat(byDefault.getCheckpointConfig().getTolerableCheckpointFailureNumber()).isEqualTo(3);
    assertThat(byDefault.getCheckpointConfig().getExternalizedCheckpointRetention())
        .isEqualTo(ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    assertThat(byDefault.getCheckpointConfig().getCheckpointingConsistencyMode())
        .isEqualTo(CheckpointingMode.EXACTLY_ONCE);
  }

  @ParameterizedTest
  @CsvSource({
    "true, true, true, argument",
    "true, true, false, file",
    "true, false, true, argument",
    "true, false, false, environment",
    "false, true, true, argument",
    "false, true, false, file",
    "false, false, true, argument"
  })
  void argumentsWinOverTheFileWhichWinsOverTheEnvironment(
      boolean environment, boolean file, boolean argument, String expected) throws Exception {
    // The name is Flink's, the input topic the project's; both are decided in the same order.
    Map<String, String> given =
        environment
            ? Map.of("pipeline.name", "environment", "image-embedding.kafka.input.topic", "images")
            : Map.of();
    List<String> arguments = new ArrayList<>();
    if (file) {
      Path yaml =
          Files.writeString(
              folder.resolve("job.yaml"),
              "pipeline.name: file\nimage-embedding.kafka.input.topic: images\n");
      arguments.addAll(List.of("--config", yaml.toString()));
    }
    if (argument) {
      arguments.addAll(
          List.of("-Dpipeline.name=argument", "-D", "image-embedding.kafka.input.topic=images"));
    }

    assertThat(submitted(given, arguments.toArray(String[]::new)).getJobName()).isEqualTo(expected);

    // One place alone says wrongly what it is asked last.
    String last = argument ? "argument" : file ? "file" : "environment";
    String wrong = "image-embedding.kafka.input.topic=none-of-" + last;
    if (last.equals("argument")) {
      arguments.add("-D" + wrong);
      assertNotThere(given, arguments, last);
    } else if (last.equals("file")) {
      Path yaml = Files.writeString(folder.resolve("wrong.yaml"), wrong.replace("=", ": ") + "\n");
      assertNotThere(given, List.of("--config", yaml.toString()), last);
    } else {
      assertNotThere(
          Map.of("image-embedding.kafka.input.topic", "none-of-" + last), List.of(), last);
    }
  }

  private static void assertNotThere(
      Map<String, String> environment, List<String> arguments, String place) {
    assertThatThrownBy(() -> submitted(environment, arguments.toArray(String[]::new)))
        .isInstanceOf(KafkaSetupException.class)
        .hasMessageContaining("topic 'none-of-" + place + "' does not exist");
  }

  @Test
  void anUnknownOptionIsRefusedWhereverItStands() {
    assertThatThrownBy(() -> submitted(Map.of("image-embedding.batch.max-cuont", "4")))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageContaining("image-embedding.batch.max-cuont")
        .hasMessageContaining("image-embedding.batch.max-count");
  }

  @Test
  void exactlyOnceDeliveryIsRefusedWhereTheEnvironmentChecksPointsAtLeastOnce() throws Exception {
    Map<String, String> environment = Map.of("execution.checkpointing.mode", "AT_LEAST_ONCE");

    assertThatThrownBy(() -> submitted(environment))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageStartingWith("execution.checkpointing.mode: 'AT_LEAST_ONCE' is not allowed")
        .hasMessageContaining("image-embedding.kafka.delivery-guarantee");
    assertThat(
            submitted(environment, "-Dimage-embedding.kafka.delivery-guarantee=at-least-once")
                .getCheckpointConfig()
                .getCheckpointingConsistencyMode())
        .isEqualTo(CheckpointingMode.AT_LEAST_ONCE);
  }

  @Test
  void theTransactionTimeoutIsHeldToTheIntervalThatIsInEffect() {
    assertThatThrownBy(
            () -> submitted(Map.of("execution.checkpointing.interval", "20 min"), "-D" + NO_MODEL))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageContaining("image-embedding.kafka.transaction-timeout")
        .hasMessageContaining("1200000 ms");
  }

  @Test
  void batchExecutionIsRefusedWithExactlyOnceAndAutomaticIsStreaming() throws Exception {
    String bounded = "-Dimage-embedding.kafka.input.bounded=true";

    assertThatThrownBy(() -> submitted(Map.of("execution.runtime-mode", "BATCH"), bounded))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageStartingWith("execution.runtime-mode: 'BATCH' is not allowed")
        .hasMessageContaining("STREAMING")
        .hasMessageContaining("image-embedding.kafka.delivery-guarantee");
    assertThatThrownBy(
            () ->
                submitted(
                    Map.of("execution.runtime-mode", "BATCH"),
                    "-Dimage-embedding.kafka.delivery-guarantee=at-least-once"))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageContaining("image-embedding.kafka.input.bounded");

    StreamGraph automatic = submitted(Map.of("execution.runtime-mode", "AUTOMATIC"), bounded);

    assertThat(automatic.getJobConfiguration().get(ExecutionOptions.RUNTIME_MODE))
        .isEqualTo(RuntimeExecutionMode.STREAMING);
    assertThat(automatic.getCheckpointConfig().isCheckpointingEnabled()).isTrue();
    StreamGraph batch =
        submitted(
            Map.of("execution.runtime-mode", "BATCH"),
            bounded,
            "-Dimage-embedding.kafka.delivery-guarantee=at-least-once");
    assertThat(batch.getJobConfiguration().get(ExecutionOptions.RUNTIME_MODE))
        .isEqualTo(RuntimeExecutionMode.BATCH);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "image-embedding.kafka.input.topic=nowhere",
        "image-embedding.kafka.output.topic=nowhere",
        "image-embedding.kafka.dead-letter.topic=nowhere"
      })
  void topicsAreCheckedBeforeTheModelIsFetched(String option) {
    assertThatThrownBy(() -> submitted(Map.of(), "-D" + NO_MODEL, "-D" + option))
        .isInstanceOf(KafkaSetupException.class)
        .hasMessageContaining("topic 'nowhere' does not exist");
  }

  @Test
  void aStoreThatIsNotThereIsFoundBeforeTheModelIsFetched() {
    assertThatThrownBy(
            () ->
                submitted(
                    Map.of(),
                    "-D" + NO_MODEL,
                    "-Dimage-embedding.store.retry-time=0 s",
                    "-Dimage-embedding.store.address="
                        + "postgresql://127.0.0.1:1/db?table=t&user=u"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("127.0.0.1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "execution.checkpointing.num-retained",
        "state.checkpoints.num-retained",
        "high-availability.type",
        "taskmanager.numberOfTaskSlots",
        "traces.reporters",
        "events.reporters",
        "jobmanager.memory.process.size",
        "heartbeat.timeout"
      })
  void whatOnlyTheClusterObeysIsRefusedUnlessTheClusterHasIt(String key) throws Exception {
    assertThatThrownBy(() -> submitted(Map.of(), "-D" + NO_MODEL, "-D" + key + "=7"))
        .isInstanceOf(InvalidOptionException.class)
        .hasMessageStartingWith(key)
        .hasMessageContaining("cluster");
    assertThat(submitted(Map.of(key, "7"), "-D" + key + "=7")).isNotNull();
  }

  /** Runs the program; what is not given for the test's sake is given as an argument. */
  /** The JobManager dies while the brokers are away, and the tasks of before may still write. */
  @Test
  void aJobThatAClusterHasKeptGoesOnThoughNobodyAnswers() throws Exception {
    JobID kept = new JobID(1, 2);
    Map<String, String> environment = new HashMap<>();
    environment.put("$internal.pipeline.job-id", kept.toHexString());
    environment.put("pipeline.name", "photos");
    environment.put("image-embedding.model", folder.resolve("gone").toString());
    environment.put("image-embedding.kafka.bootstrap-servers", "localhost:1");
    environment.put("image-embedding.kafka.input.topic", "images");
    environment.put("image-embedding.kafka.output.topic", "embeddings");
    environment.put("image-embedding.kafka.dead-letter.topic", "dead-letters");
    try (TestingSubmission recovering =
        new TestingSubmission(
            Configuration.fromMap(environment), List.of(new JobInfoImpl(kept, "photos")))) {
      assertThat(recovering.run().getJobID()).isEqualTo(kept);
    }

    environment.put("image-embedding.kafka.bootstrap-servers", kafka.bootstrapServers());
    try (TestingSubmission other =
        new TestingSubmission(
            Configuration.fromMap(environment), List.of(new JobInfoImpl(kept, "others")))) {
      assertThatThrownBy(() -> other.run()).isInstanceOf(ModelException.class);
    }
  }

  private static StreamGraph submitted(Map<String, String> environment, String... arguments)
      throws Exception {
    List<String> given = List.of(arguments);
    List<String> all = new ArrayList<>();
    Map.of(
            "image-embedding.model", "untrained:mobilenet_v2_0.35_96",
            "image-embedding.kafka.bootstrap-servers", kafka.bootstrapServers(),
            "image-embedding.kafka.input.topic", "images",
            "image-embedding.kafka.output.topic", "embeddings",
            "image-embedding.kafka.dead-letter.topic", "dead-letters")
        .forEach(
            (key, value) -> {
              boolean inFile = given.contains("--config") && key.endsWith("input.topic");
              if (!environment.containsKey(key) && !inFile) {
                all.add("-D" + key + "=" + value);
              }
            });
    all.addAll(given);
    try (TestingSubmission submission = new TestingSubmission(Configuration.fromMap(environment))) {
      return submission.run(all.toArray(String[]::new));
    }
  }
}
