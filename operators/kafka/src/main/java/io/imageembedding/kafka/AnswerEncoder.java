// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.embed.Embedded;
import io.imageembedding.embed.Embedding;
import io.imageembedding.embed.Provenance;
import io.imageembedding.embed.Refusal;
import io.imageembedding.schema.ClassScore;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.Image;
import io.imageembedding.schema.ImageRecordReader;
import io.imageembedding.schema.Model;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.Source;
import io.imageembedding.schema.SourceHeader;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.UnreadableRecordException;
import java.io.IOException;
import java.io.Serializable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Encodes every answer: embeddings to the main output, dead letters to the side output {@link
 * #DEAD_LETTERS}. What its topic would not take becomes a dead letter, and a dead letter that its
 * topic would not take loses as much of the original as it must.
 *
 * <p>Where tombstones are wanted, a message without a value whose key is an id goes to the main
 * output, too, in its place behind the embeddings that it deletes.
 */
final class AnswerEncoder extends ProcessFunction<Embedded<KafkaMessage>, AnsweredMessage> {
  private static final long serialVersionUID = 1L;

  static final OutputTag<OutgoingMessage> DEAD_LETTERS =
      new OutputTag<>("dead-letters", OutgoingMessage.typeInformation());

  /** Finds out how large a message may be; asked whenever a task starts. */
  @FunctionalInterface
  interface TopicLimits extends Serializable {

    /** Largest message that the topic takes, in bytes. */
    int maxMessageBytes(String topic);

    /** What the brokers say. */
    static TopicLimits ofBrokers(Properties clientProperties) {
      return topic -> {
        try (TopicAdmin admin = new TopicAdmin(clientProperties)) {
          return admin.maxMessageBytes(topic);
        }
      };
    }
  }

  private final WireSettings wire;
  private final String outputTopic;
  private final String deadLetterTopic;
  private final boolean tombstones;
  private final TopicLimits limits;

  private transient ImageRecordReader reader;
  private transient RecordWriter<EmbeddingFields> embeddings;
  private transient DeadLetterEncoder deadLetters;
  private transient int maxEmbeddingBytes;
  private transient Provenance provenance;
  private transient Model model;

  /**
   * @param outputTopic null where embeddings go to none
   * @param tombstones whether messages without a value delete
   */
  AnswerEncoder(
      WireSettings wire,
      String outputTopic,
      String deadLetterTopic,
      boolean tombstones,
      TopicLimits limits) {
    this.wire = wire;
    this.outputTopic = outputTopic;
    this.deadLetterTopic = deadLetterTopic;
    this.tombstones = tombstones;
    this.limits = limits;
  }

  @Override
  public void open(OpenContext context) throws IOException {
    reader = new ImageRecordReader(wire.input(), wire.registry(wire.input()));
    if (outputTopic != null) {
      maxEmbeddingBytes = limits.maxMessageBytes(outputTopic);
      embeddings =
          RecordWriter.embeddings(wire.output(), wire.registry(wire.output()), outputTopic);
    }
    deadLetters = DeadLetterEncoder.of(wire, deadLetterTopic, limits);
  }

  @Override
  public void processElement(
      Embedded<KafkaMessage> answer, Context context, Collector<AnsweredMessage> out)
      throws IOException {
    KafkaMessage message = answer.element();
    if (answer.outcome() instanceof Embedding embedding) {
      collect(embedded(message, record(message, embedding)), context, out);
    } else if (answer.outcome() instanceof Refusal refusal) {
      Optional<String> deleted = tombstones ? deletedId(message) : Optional.empty();
      if (deleted.isPresent()) {
        collect(tombstone(message, deleted.get()), context, out);
      } else {
        context.output(
            DEAD_LETTERS,
            deadLetters.encode(
                message,
                id(message),
                Stage.valueOf(refusal.stage().name().toLowerCase(Locale.ROOT)),
                Code.valueOf(refusal.code()),
                refusal.message()));
      }
    }
  }

  private void collect(AnsweredMessage answer, Context context, Collector<AnsweredMessage> out)
      throws IOException {
    long bytes = answer.outgoing() == null ? 0 : MessageSizes.upperBound(answer.outgoing());
    if (bytes <= maxEmbeddingBytes) {
      out.collect(answer);
      return;
    }
    String reason =
        "the embedding record takes "
            + bytes
            + " bytes, topic "
            + outputTopic
            + " messages up to "
            + maxEmbeddingBytes;
    context.output(
        DEAD_LETTERS,
        deadLetters.encode(
            answer.message(), answer.id(), Stage.store, Code.RECORD_TOO_LARGE, reason));
  }

  private AnsweredMessage embedded(KafkaMessage message, EmbeddingFields record)
      throws IOException {
    OutgoingMessage outgoing =
        outputTopic == null
            ? null
            : new OutgoingMessage(
                message.key(), embeddings.write(record), message.headers(), message.partition());
    return new AnsweredMessage(message, record.id(), record, outgoing, null);
  }

  private static Optional<String> deletedId(KafkaMessage message) {
    return message.value() == null ? ImageRecordReader.id(message.key()) : Optional.empty();
  }

  private AnsweredMessage tombstone(KafkaMessage message, String id) throws IOException {
    OutgoingMessage outgoing = null;
    if (outputTopic != null) {
      List<KafkaHeader> headers = new ArrayList<>(message.headers());
      headers.removeIf(header -> header.key().equals(SourceHeader.KEY));
      headers.add(new KafkaHeader(SourceHeader.KEY, SourceHeader.write(source(message))));
      outgoing = new OutgoingMessage(message.key(), null, headers, message.partition());
    }
    return new AnsweredMessage(message, id, null, outgoing, null);
  }

  private EmbeddingFields record(KafkaMessage message, Embedding embedding) throws IOException {
    ImageRecordReader.Metadata metadata;
    try {
      metadata = metadata(message);
    } catch (UnreadableRecordException e) {
      throw new IllegalStateException("a message with an image became unreadable: " + message, e);
    }
    return new EmbeddingFields(
        metadata.id(),
        embedding.vector(),
        model(embedding.provenance()),
        embedding.provenance().vectorSpace(),
        new Image(
            embedding.image().format(), embedding.image().width(), embedding.image().height()),
        source(message),
        metadata.capturedAt(),
        metadata.attributes(),
        scores(embedding));
  }

  private static List<ClassScore> scores(Embedding embedding) {
    return embedding.scores().isEmpty()
        ? null
        : embedding.scores().stream()
            .map(score -> new ClassScore(score.label(), score.score()))
            .toList();
  }

  private Model model(Provenance current) {
    if (!current.equals(provenance)) {
      provenance = current;
      model =
          new Model(
              current.model(), current.sha256(), current.precision(), current.preprocessing());
    }
    return model;
  }

  private ImageRecordReader.Metadata metadata(KafkaMessage message)
      throws UnreadableRecordException, IOException {
    return reader.metadata(
        message.key(), message.value(), message.topic(), message.partition(), message.offset());
  }

  /** The record's id, or null where it cannot be read or is empty. */
  private String id(KafkaMessage message) throws IOException {
    try {
      String id = metadata(message).id();
      return id.isEmpty() ? null : id;
    } catch (UnreadableRecordException e) {
      return null;
    }
  }

  static Source source(KafkaMessage message) {
    return new Source(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp() == KafkaMessage.NO_TIMESTAMP
            ? null
            : Instant.ofEpochMilli(message.timestamp()));
  }
}
