// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.vectorstore.StoredVector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Stores that are filled from a topic of embeddings, on the broker of the jobs that write it: a
 * test class of those jobs runs these, too.
 */
abstract class StoreOfTopic {
  static final int NONE_BROKEN = 1_000_000;

  @TempDir static Path brokerFolder;
  private static BrokerProcess broker;

  @TempDir Path folder;
  TestTopics topics;
  TestStores stores;

  @BeforeAll
  static void startBroker() throws IOException {
    broker = BrokerProcess.start(brokerFolder.resolve("broker.log"));
  }

  @AfterAll
  static void stopBroker() throws InterruptedException {
    broker.close();
  }

  @BeforeEach
  void topics() {
    topics = new TestTopics(broker.bootstrapServers(), 4, folder.getFileName() + "-");
    stores = new TestStores(folder, broker.bootstrapServers(), topics);
  }

  @Test
  void aStoreThatIsFilledFromTheTopicIsTheOneThatTheJobFed() throws Exception {
    topics.publish(0, 60, 30);
    topics.publish(10, 20, NONE_BROKEN);
    topics.send(topics.images(), TestTopics.id(5), null);
    Map<String, String> options = stores.options();
    options.put("image-embedding.kafka.input.bounded", "true");
    run(options);
    String jsonTopic = topics.embeddings() + "-json";
    topics.create(jsonTopic);
    options.put("image-embedding.kafka.group-id", "json");
    options.put("image-embedding.kafka.output.topic", jsonTopic);
    options.put("image-embedding.kafka.output.format", "json");
    options.put("image-embedding.store.address", "lucene:" + folder.resolve("beside-json"));
    run(options);

    JsonNode avro = stores.index(0, topics.embeddings(), "from-avro");
    assertThat(avro.get("messages").asInt()).isEqualTo(69);
    assertThat(avro.get("written").asInt() + avro.get("unchanged").asInt())
        .isEqualTo(69 - avro.get("deleted").asInt());
    assertThat(avro.get("deleted").asInt()).isEqualTo(1);
    stores.index(0, jsonTopic, "from-json", "--format", "json");

    List<StoredVector> fed = stores.all("store");
    assertThat(fed).hasSize(57);
    assertThat(stores.all("from-avro")).isEqualTo(fed);
    assertThat(stores.all("from-json")).isEqualTo(fed);

    JsonNode again = stores.index(0, topics.embeddings(), "from-avro");
    assertThat(again.get("written").asInt() + again.get("deleted").asInt()).isZero();
    assertThat(again.get("unchanged").asInt()).isEqualTo(69);
    assertThat(stores.all("from-avro")).isEqualTo(fed);

    Ended read = stores.embed("read", "--topic", topics.embeddings(), "--json", stores.servers());
    assertThat(read.exitCode()).as(read.err()).isZero();
    assertThat(read.out())
        .anyMatch(
            line ->
                line.startsWith(
                    "{\"id\":\""
                        + TestTopics.id(5)
                        + "\",\"deleted\":true,\"source\":{\"topic\":"));
  }

  @Test
  void whatIsRefusedFromATopicIsCountedAndNamedAndTheRestIsIndexed() throws Exception {
    topics.send(topics.embeddings(), "good", TestStores.message("good", 1, 1, 2, 3));
    topics.send(topics.embeddings(), "short", TestStores.message("short", 2, 1, 2));
    topics.send(topics.embeddings(), "text", "text".getBytes(UTF_8));
    topics.send(topics.embeddings(), "also good", TestStores.message("also good", 3, 3, 2, 1));

    Ended ended =
        stores.embed(
            "index",
            "--topic",
            topics.embeddings(),
            stores.servers(),
            "--store",
            "lucene:refusing");

    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.lastLine())
        .isEqualTo(
            "indexed 2 of 4 messages, 0 deleted, 0 unchanged, 2 refused, in lucene:refusing");
    assertThat(ended.err().lines())
        .anyMatch(line -> line.startsWith("short: the vector has 2 features"))
        .anyMatch(
            line -> line.matches("message " + topics.embeddings() + "-\\d-\\d+: it is no e.*"))
        .noneMatch(line -> line.startsWith("\tat "));
    assertThat(stores.all("refusing")).hasSize(2);
  }

  @Test
  void aTopicIsFollowedUntilTheProcessIsStopped() throws Exception {
    topics.send(topics.embeddings(), "a", TestStores.message("a", 1, 1, 2, 3));
    Process follow =
        stores.start(
            "follow",
            "index",
            "--follow",
            "--topic",
            topics.embeddings(),
            stores.servers(),
            "--store",
            "lucene:followed");
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> stores.all("followed").size() == 1);
    topics.send(topics.embeddings(), "b", TestStores.message("b", 2, 1, 2, 3));
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> stores.all("followed").size() == 2);
    topics.send(topics.embeddings(), "a", null);
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> stores.all("followed").size() == 1);
    topics.addPartitions(topics.embeddings(), 32);
    for (int i = 0; i < 20; i++) {
      topics.send(topics.embeddings(), "c" + i, TestStores.message("c" + i, 3, 1, 2, 3));
    }
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> stores.all("followed").size() == 21);

    follow.destroy();
    assertThat(follow.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(follow.exitValue()).isEqualTo(143);
    assertThat(Files.readString(folder.resolve("follow.out")))
        .contains(
            "indexed 22 of 23 messages, 1 deleted, 0 unchanged, 0 refused, in lucene:followed");
  }

  static Configuration config(Map<String, String> options) {
    return EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
  }

  static void run(Map<String, String> options) throws Exception {
    Configuration config = config(options);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(config);
    EmbedImagesJob.build(env, config);
    env.execute();
  }
}
