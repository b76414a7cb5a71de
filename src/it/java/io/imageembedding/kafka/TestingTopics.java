// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.awaitility.Awaitility;

/** Topics of one test on a broker that several share: input, output and dead letters. */
final class TestingTopics {
  static final int PARTITIONS = 2;
  static final int VALUE_BYTES = 1000;

  private final String servers;
  private final String name;

  /** Creates the topics. */
  TestingTopics(String servers, String name) {
    this.servers = servers;
    this.name = name;
    try (TopicAdmin admin = new TopicAdmin(clients())) {
      for (String topic : List.of(input(), output(), deadLetters())) {
        admin.createIfMissing(topic, PARTITIONS);
      }
    }
  }

  String name() {
    return name;
  }

  String input() {
    return name + "-in";
  }

  String output() {
    return name + "-out";
  }

  String deadLetters() {
    return name + "-dead";
  }

  Properties clients() {
    return KafkaClientProperties.of(servers, "", Map.of());
  }

  /** Properties of the clients of a job with these options. */
  Properties clients(Configuration config) {
    Properties properties = clients();
    config
        .toMap()
        .forEach(
            (key, value) -> {
              if (key.startsWith(KafkaOptions.PROPERTIES_PREFIX)) {
                properties.setProperty(
                    key.substring(KafkaOptions.PROPERTIES_PREFIX.length()), value);
              }
            });
    return properties;
  }

  /** Options of a job of that name between the topics. */
  Configuration options(String job, Map<String, String> more) {
    Map<String, String> options = new HashMap<>();
    options.put("pipeline.name", job);
    options.put("parallelism.default", "2");
    options.put("execution.checkpointing.interval", "200 ms");
    options.put("image-embedding.kafka.bootstrap-servers", servers);
    options.put("image-embedding.kafka.input.topic", input());
    options.put("image-embedding.kafka.output.topic", output());
    options.put("image-embedding.kafka.dead-letter.topic", deadLetters());
    options.putAll(more);
    return Configuration.fromMap(options);
  }

  /**
   * Settings of a job that makes savepoints only. A pause is needed beside the interval: Flink
   * makes a first checkpoint as soon as every task runs, whatever the interval is.
   */
  static Map<String, String> noCheckpoints() {
    return Map.of(
        "execution.checkpointing.interval", "1 h", "execution.checkpointing.min-pause", "1 h");
  }

  /** Sends messages to the input whose keys are the numbers. */
  void send(int from, int to) throws ExecutionException, InterruptedException {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(clients(), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = from; i < to; i++) {
        byte[] number = String.valueOf(i).getBytes(StandardCharsets.UTF_8);
        sent.add(producer.send(new ProducerRecord<>(input(), number, new byte[VALUE_BYTES])));
      }
    }
    for (Future<RecordMetadata> each : sent) {
      each.get();
    }
  }

  /** Keys of every committed message of a topic that can be read now. */
  List<String> committed(String topic) {
    Properties consumer = clients();
    consumer.setProperty("isolation.level", "read_committed");
    consumer.setProperty("auto.offset.reset", "earliest");
    List<String> keys = new ArrayList<>();
    try (KafkaConsumer<String, String> reader =
        new KafkaConsumer<>(consumer, new StringDeserializer(), new StringDeserializer())) {
      List<TopicPartition> partitions =
          reader.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
      reader.assign(partitions);
      Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
      while (ends.entrySet().stream()
          .anyMatch(end -> reader.position(end.getKey()) < end.getValue())) {
        reader.poll(Duration.ofMillis(100)).forEach(record -> keys.add(record.key()));
      }
    }
    return keys;
  }

  /** How many records were written to the output, whatever became of their transactions. */
  long written() throws ExecutionException, InterruptedException {
    return written(output());
  }

  /** The same for another topic. */
  long written(String topic) throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
    for (int i = 0; i < PARTITIONS; i++) {
      ends.put(new TopicPartition(topic, i), OffsetSpec.latest());
    }
    try (Admin admin = Admin.create(clients())) {
      return admin.listOffsets(ends).all().get().values().stream()
          .mapToLong(ListOffsetsResult.ListOffsetsResultInfo::offset)
          .sum();
    }
  }

  /** Transactional ids of the cluster that begin so. */
  List<TransactionListing> transactions(String prefix)
      throws ExecutionException, InterruptedException {
    try (Admin admin = Admin.create(clients())) {
      return admin.listTransactions().all().get().stream()
          .filter(listing -> listing.transactionalId().startsWith(prefix))
          .toList();
    }
  }

  /** Deletes every record of a topic, as its retention does one day. */
  void deleteRecords(String topic) throws ExecutionException, InterruptedException {
    Map<TopicPartition, RecordsToDelete> all = new HashMap<>();
    for (int i = 0; i < PARTITIONS; i++) {
      all.put(new TopicPartition(topic, i), RecordsToDelete.beforeOffset(-1));
    }
    try (Admin admin = Admin.create(clients())) {
      admin.deleteRecords(all).all().get();
    }
  }

  /** Deletes a topic and makes another of its name. */
  void makeAnew(String topic, int partitions) throws ExecutionException, InterruptedException {
    try (Admin admin = Admin.create(clients())) {
      admin.deleteTopics(List.of(topic)).all().get();
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> !admin.listTopics().names().get().contains(topic));
      admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
    }
  }

  void setMaxMessageBytes(String topic, int bytes) throws ExecutionException, InterruptedException {
    try (Admin admin = Admin.create(clients())) {
      ConfigEntry entry = new ConfigEntry("max.message.bytes", String.valueOf(bytes));
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.TOPIC, topic),
                  List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
  }

  /** Takes the transactional id away from whoever has it. */
  void fence(String id) throws ExecutionException, InterruptedException {
    try (Admin admin = Admin.create(clients())) {
      admin.fenceProducers(List.of(id)).all().get();
    }
  }

  /** A transaction of that id, open, with one record of that key for the output. */
  KafkaProducer<byte[], byte[]> openTransaction(String id, String key) {
    Properties properties = clients();
    properties.setProperty("transactional.id", id);
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    producer.initTransactions();
    producer.beginTransaction();
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    producer.send(new ProducerRecord<>(output(), bytes, bytes));
    producer.flush();
    return producer;
  }
}
