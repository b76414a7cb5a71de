// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.awaitility.Awaitility;

/** The three topics of a trial, and what an administrator may do to them. */
final class TrialTopics implements AutoCloseable {
  static final int PARTITIONS = 4;

  private final String servers;
  private final String prefix;
  private final Admin admin;

  TrialTopics(String servers, String name) throws ExecutionException, InterruptedException {
    this.servers = servers;
    prefix = name + "-";
    admin = Admin.create(client());
    for (String topic : List.of(images(), embeddings(), deadLetters())) {
      create(topic);
    }
  }

  /** Properties of a client that may do everything. */
  Properties client() {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", servers);
    return properties;
  }

  Admin admin() {
    return admin;
  }

  String images() {
    return prefix + "images";
  }

  String embeddings() {
    return prefix + "embeddings";
  }

  String deadLetters() {
    return prefix + "dead-letters";
  }

  /** The options of a job between these topics. */
  Map<String, String> options() {
    Map<String, String> options = new HashMap<>();
    options.put("image-embedding.kafka.bootstrap-servers", servers);
    options.put("image-embedding.kafka.input.topic", images());
    options.put("image-embedding.kafka.output.topic", embeddings());
    options.put("image-embedding.kafka.dead-letter.topic", deadLetters());
    return options;
  }

  void create(String topic) throws ExecutionException, InterruptedException {
    admin
        .createTopics(List.of(new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty())))
        .all()
        .get();
    // A producer is told NOT_LEADER until the partitions are led.
    Awaitility.await("topic " + topic)
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions()
        .until(() -> ends(topic, IsolationLevel.READ_UNCOMMITTED).size() == PARTITIONS);
  }

  void delete(String topic) throws ExecutionException, InterruptedException {
    admin.deleteTopics(List.of(topic)).all().get();
  }

  void setConfig(String topic, String key, String value)
      throws ExecutionException, InterruptedException {
    admin
        .incrementalAlterConfigs(
            Map.of(
                new ConfigResource(ConfigResource.Type.TOPIC, topic),
                List.of(new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET))))
        .all()
        .get();
  }

  void addPartitions(String topic, int total) throws ExecutionException, InterruptedException {
    admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(total))).all().get();
  }

  /** Deletes all that a topic has, as its retention would. */
  void expireAll(String topic) throws ExecutionException, InterruptedException {
    Map<TopicPartition, RecordsToDelete> all = new HashMap<>();
    ends(topic, IsolationLevel.READ_UNCOMMITTED)
        .forEach((partition, end) -> all.put(partition, RecordsToDelete.beforeOffset(end)));
    admin.deleteRecords(all).all().get();
  }

  private Map<TopicPartition, Long> ends(String topic, IsolationLevel isolation)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    admin
        .describeTopics(List.of(topic))
        .allTopicNames()
        .get()
        .get(topic)
        .partitions()
        .forEach(
            each -> wanted.put(new TopicPartition(topic, each.partition()), OffsetSpec.latest()));
    Map<TopicPartition, Long> ends = new HashMap<>();
    admin
        .listOffsets(wanted, new ListOffsetsOptions(isolation))
        .all()
        .get()
        .forEach((partition, result) -> ends.put(partition, result.offset()));
    return ends;
  }

  /** Messages of the answers' topics that readers of what is committed wait for. */
  long behindOpenTransactions() throws ExecutionException, InterruptedException {
    long behind = 0;
    for (String topic : List.of(embeddings(), deadLetters())) {
      Map<TopicPartition, Long> committed = ends(topic, IsolationLevel.READ_COMMITTED);
      for (Map.Entry<TopicPartition, Long> end :
          ends(topic, IsolationLevel.READ_UNCOMMITTED).entrySet()) {
        behind += end.getValue() - committed.get(end.getKey());
      }
    }
    return behind;
  }

  /** How many transactional ids of a job the broker knows. */
  int transactionalIds(String job) throws ExecutionException, InterruptedException {
    return (int)
        admin.listTransactions().all().get().stream()
            .filter(each -> each.transactionalId().startsWith(job))
            .count();
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(5));
  }
}
