// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.UnreadableRecordException;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.testkit.SampleRecords;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Topics of a test: images go in, committed answers come out. */
final class TestTopics {
  static final String IMAGES = "images";
  static final String EMBEDDINGS = "embeddings";
  static final String DEAD_LETTERS = "dead-letters";

  private final String servers;
  private final String prefix;

  TestTopics(String servers, int partitions) {
    this(servers, partitions, "");
  }

  /** Topics of a broker that several tests share. */
  TestTopics(String servers, int partitions, String prefix) {
    this.servers = servers;
    this.prefix = prefix;
    try (TopicAdmin admin = new TopicAdmin(properties())) {
      for (String topic : List.of(images(), embeddings(), deadLetters())) {
        admin.createIfMissing(topic, partitions);
      }
    }
  }

  String images() {
    return prefix + IMAGES;
  }

  String embeddings() {
    return prefix + EMBEDDINGS;
  }

  String deadLetters() {
    return prefix + DEAD_LETTERS;
  }

  private Properties properties() {
    return KafkaClientProperties.of(servers, "", Map.of());
  }

  /** The options of a job between these topics. */
  Map<String, String> options() {
    Map<String, String> options = new HashMap<>();
    options.put("parallelism.default", "2");
    options.put("execution.checkpointing.interval", "500 ms");
    options.put("image-embedding.kafka.bootstrap-servers", servers);
    options.put("image-embedding.kafka.input.topic", images());
    options.put("image-embedding.kafka.output.topic", embeddings());
    options.put("image-embedding.kafka.dead-letter.topic", deadLetters());
    return options;
  }

  /** Publishes image records {@code from} to {@code to}; every {@code brokenEvery}th is broken. */
  void publish(int from, int to, int brokenEvery)
      throws IOException, ExecutionException, InterruptedException {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties(), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = from; i < to; i++) {
        byte[] key = id(i).getBytes(StandardCharsets.UTF_8);
        byte[] value = TestingImages.message(i, brokenEvery);
        sent.add(producer.send(new ProducerRecord<>(images(), key, value)));
      }
    }
    for (Future<RecordMetadata> each : sent) {
      each.get();
    }
  }

  /** Sends a message as it is. */
  void send(String topic, String key, byte[] value)
      throws ExecutionException, InterruptedException {
    send(topic, key, value, null);
  }

  /** Sends a message with the timestamp of some clock; null: of this machine's. */
  void send(String topic, String key, byte[] value, Long timestamp)
      throws ExecutionException, InterruptedException {
    byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties(), new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topic, null, timestamp, keyBytes, value)).get();
    }
  }

  void addPartitions(String topic, int total) throws ExecutionException, InterruptedException {
    try (Admin admin = Admin.create(properties())) {
      admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(total))).all().get();
    }
  }

  /** The value of a message with an image. */
  static byte[] imageRecord(String id, Map<String, String> attributes) throws IOException {
    return SampleRecords.image(id, TestingImages.image(1), attributes);
  }

  /** Publishes files as they are, under their names. */
  void publish(List<Path> files) throws IOException, ExecutionException, InterruptedException {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties(), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (Path file : files) {
        byte[] key = file.getFileName().toString().getBytes(StandardCharsets.UTF_8);
        sent.add(producer.send(new ProducerRecord<>(images(), key, Files.readAllBytes(file))));
      }
    }
    for (Future<RecordMetadata> each : sent) {
      each.get();
    }
  }

  /** Makes a topic for other answers. */
  void create(String topic) {
    try (TopicAdmin admin = new TopicAdmin(properties())) {
      admin.createIfMissing(topic, 2);
    }
  }

  static String id(int number) {
    return TestingImages.id(number);
  }

  /** Keys of every committed message, in both output topics, checked to be readable records. */
  List<String> answeredIds() throws IOException, UnreadableRecordException {
    List<String> ids = new ArrayList<>();
    RecordReader<EmbeddingRecord> embeddings = RecordReader.embeddings(WireFormat.AVRO, null);
    RecordReader<DeadLetter> deadLetters = RecordReader.deadLetters(WireFormat.AVRO, null);
    for (ConsumerRecord<byte[], byte[]> record : committed(embeddings())) {
      EmbeddingRecord embedding = embeddings.read(record.value());
      if (embedding.getEmbedding().size() != 1280) {
        throw new AssertionError("not 1280 features: " + embedding.getEmbedding().size());
      }
      ids.add(embedding.getId());
    }
    for (ConsumerRecord<byte[], byte[]> record : committed(deadLetters())) {
      deadLetters.read(record.value());
      ids.add(new String(record.key(), StandardCharsets.UTF_8));
    }
    return ids;
  }

  /** Keys of every committed message in both output topics. */
  List<String> keys() {
    return Stream.of(embeddings(), deadLetters())
        .flatMap(topic -> committed(topic).stream())
        .map(record -> new String(record.key(), StandardCharsets.UTF_8))
        .toList();
  }

  /** How many messages the output topics have, committed or not. */
  long written() {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            properties(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      return Stream.of(embeddings(), deadLetters())
          .flatMap(topic -> consumer.partitionsFor(topic).stream())
          .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
          .collect(Collectors.collectingAndThen(Collectors.toList(), consumer::endOffsets))
          .values()
          .stream()
          .mapToLong(Long::longValue)
          .sum();
    }
  }

  List<ConsumerRecord<byte[], byte[]>> committed(String topic) {
    Properties properties = properties();
    properties.setProperty("isolation.level", "read_committed");
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(partition -> new TopicPartition(topic, partition.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream()
          .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        consumer.poll(Duration.ofMillis(200)).forEach(records::add);
      }
    }
    return records;
  }
}
