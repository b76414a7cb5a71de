// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.embed.ClassScore;
import io.imageembedding.embed.Embedding;
import io.imageembedding.embed.Provenance;
import io.imageembedding.image.ImageInfo;
import io.imageembedding.jobs.cli.Answer.Failure;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.SchemaRegistry;
import io.imageembedding.schema.UnreadableRecordException;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads embeddings or dead letters from the beginning of a topic to where its committed messages
 * end when the reading starts.
 */
final class TopicReader {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Takes an answer, and says whether it wants another. */
  @FunctionalInterface
  interface Sink {
    boolean accept(Answer answer) throws IOException;
  }

  private final WireFormat format;
  private final RecordReader<EmbeddingRecord> embeddings;
  private final RecordReader<DeadLetter> deadLetters;

  /**
   * @param registry null unless the format needs it
   */
  TopicReader(WireFormat format, SchemaRegistry registry) {
    this.format = format;
    boolean avro = format != WireFormat.JSON;
    embeddings = avro ? RecordReader.embeddings(format, registry) : null;
    deadLetters = avro ? RecordReader.deadLetters(format, registry) : null;
  }

  void read(Properties clientProperties, String topic, Sink sink) throws IOException {
    Properties properties = new Properties();
    properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    properties.setProperty(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, "20000");
    properties.putAll(clientProperties);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(partition -> new TopicPartition(topic, partition.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      long lastProgress = System.nanoTime();
      while (!isAt(ends, consumer)) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        if (!records.isEmpty()) {
          lastProgress = System.nanoTime();
        } else if (System.nanoTime() - lastProgress > PATIENCE.toNanos()) {
          throw new CommandFailure(
              "nothing came from topic '" + topic + "' for " + PATIENCE.toSeconds() + " s");
        }
        for (ConsumerRecord<byte[], byte[]> record : records) {
          boolean wanted =
              record.offset() < ends.get(new TopicPartition(topic, record.partition()));
          if (wanted && !sink.accept(answer(record))) {
            return;
          }
        }
      }
    }
  }

  private static boolean isAt(
      Map<TopicPartition, Long> ends, KafkaConsumer<byte[], byte[]> consumer) {
    return ends.entrySet().stream()
        .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  Answer answer(ConsumerRecord<byte[], byte[]> record) throws IOException {
    try {
      return format == WireFormat.JSON ? fromJson(record.value()) : fromAvro(record.value());
    } catch (UnreadableRecordException | RuntimeException e) {
      throw new CommandFailure(
          "message "
              + record.topic()
              + "-"
              + record.partition()
              + "-"
              + record.offset()
              + " is no embedding and no dead letter in "
              + format.key()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private Answer fromAvro(byte[] value) throws UnreadableRecordException, IOException {
    try {
      return of(embeddings.read(value));
    } catch (UnreadableRecordException e) {
      return of(deadLetters.read(value));
    }
  }

  private static Answer of(EmbeddingRecord record) {
    float[] vector = new float[record.getEmbedding().size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = record.getEmbedding().get(i);
    }
    return new Answer(
        record.getId(),
        new Embedding(
            vector,
            new ImageInfo(
                record.getImage().getFormat(),
                record.getImage().getWidth(),
                record.getImage().getHeight()),
            new Provenance(
                record.getModel().getName(),
                record.getModel().getSha256(),
                record.getModel().getPrecision(),
                record.getModel().getPreprocessing(),
                record.getVectorSpace()),
            record.getScores() == null
                ? List.of()
                : record.getScores().stream()
                    .map(score -> new ClassScore(score.getLabel(), score.getScore()))
                    .toList()),
        null);
  }

  private static Answer of(DeadLetter letter) {
    return new Answer(
        letter.getId(),
        null,
        new Failure(letter.getStage().name(), letter.getCode().name(), letter.getMessage()));
  }

  private static Answer fromJson(byte[] value) throws IOException {
    JsonNode node = JSON.readTree(value);
    String id = node.path("id").textValue();
    JsonNode error = node.path("error");
    if (error.isObject()) {
      return new Answer(
          id,
          null,
          new Failure(
              error.path("stage").asText(),
              error.path("code").asText(),
              error.path("message").asText()));
    }
    float[] vector = new float[node.path("vector").size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = node.path("vector").get(i).floatValue();
    }
    List<ClassScore> scores = new ArrayList<>();
    for (JsonNode score : node.path("scores")) {
      scores.add(new ClassScore(score.path("label").asText(), score.path("score").floatValue()));
    }
    JsonNode image = node.path("image");
    JsonNode model = node.path("model");
    return new Answer(
        id,
        new Embedding(
            vector,
            new ImageInfo(
                image.path("format").asText(),
                image.path("width").asInt(),
                image.path("height").asInt()),
            new Provenance(
                model.path("name").asText(),
                model.path("sha256").asText(),
                model.path("precision").asText(),
                model.path("preprocessing").asText(),
                node.path("vectorSpace").asText()),
            scores),
        null);
  }
}
