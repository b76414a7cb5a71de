// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.Embedded;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.ImageFields;
import io.imageembedding.schema.ImageRecordReader;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.UnreadableRecordException;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes of every answer what is stored and sent: embeddings with what their records said to the
 * main output, dead letters to the side output {@link #DEAD_LETTERS}. What its topic would not take
 * becomes a dead letter before anything is stored, and a dead letter that its topic would not take
 * loses as much of the original as it must.
 *
 * <p>A message without a value whose key is an id is a tombstone. It goes to the main output, too,
 * in its place behind the embeddings that it deletes.
 */
final class OutputEncoder extends ProcessFunction<Embedded<KafkaMessage>, EmbeddedMessage> {
  private static final long serialVersionUID = 1L;

  static final OutputTag<OutgoingMessage> DEAD_LETTERS =
      new OutputTag<>("dead-letters", OutgoingMessage.typeInformation());

  private static final Logger LOG = LoggerFactory.getLogger(OutputEncoder.class);

  /**
   * Only tasks use Avro's classes. A JobManager reads the job's graph with threads that live as
   * long as it does, and Avro leaves an object of its own, and so the job's class loader, with
   * every thread that parses a schema.
   */
  private static final class Codes {
    static final Map<String, Code> BY_NAME =
        Stream.of(Code.values()).collect(Collectors.toMap(Code::name, code -> code));
  }

  /** Why a message is answered by a dead letter; costs no stack trace. */
  private static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Stage stage;
    private final Code code;

    RefusedException(Stage stage, Code code, String message) {
      super(message, null, false, false);
      this.stage = stage;
      this.code = code;
    }
  }

  private final WireSettings wire;
  private final String outputTopic;
  private final String deadLetterTopic;
  private final TopicSettings.Lookup topics;

  /** Made for the first message that nobody has read yet. */
  private transient ImageRecordReader reader;

  /** Null where embeddings go to no topic. */
  private transient EmbeddingEncoder embeddings;

  private transient DeadLetterEncoder deadLetters;
  private transient OutputMetrics metrics;

  /**
   * @param outputTopic null where embeddings go to none
   */
  OutputEncoder(
      WireSettings wire, String outputTopic, String deadLetterTopic, TopicSettings.Lookup topics) {
    this.wire = wire;
    this.outputTopic = outputTopic;
    this.deadLetterTopic = deadLetterTopic;
    this.topics = topics;
  }

  @Override
  public void open(OpenContext context) throws IOException {
    metrics = new OutputMetrics(getRuntimeContext().getMetricGroup());
    embeddings = outputTopic == null ? null : new EmbeddingEncoder(wire, outputTopic, topics);
    deadLetters = DeadLetterEncoder.of(wire, deadLetterTopic, topics);
  }

  @Override
  public void processElement(
      Embedded<KafkaMessage> answer, Context context, Collector<EmbeddedMessage> out)
      throws IOException {
    if (embeddings != null && answer.outcome() instanceof Embedding embedding) {
      embeddings.requireRoomFor(embedding.vector().length);
    }
    long start = System.nanoTime();
    EmbeddedMessage encoded = null;
    OutgoingMessage deadLetter = null;
    try {
      encoded = encoded(answer);
    } catch (RefusedException e) {
      KafkaMessage message = answer.element();
      deadLetter = deadLetters.encode(message, id(message), e.stage, e.code, e.getMessage());
    }
    metrics.encoded(System.nanoTime() - start);
    if (encoded != null) {
      out.collect(encoded);
    } else {
      metrics.answered(answer.element());
      context.output(DEAD_LETTERS, deadLetter);
    }
  }

  /** The boundary: by whatever a message's content fails, it is refused and the task goes on. */
  private EmbeddedMessage encoded(Embedded<KafkaMessage> answer)
      throws RefusedException, IOException {
    try {
      EmbeddedMessage encoded = content(answer);
      requireRoom(encoded);
      return encoded;
    } catch (UnreadableRecordException e) {
      throw new RefusedException(Stage.wire, e.code(), e.getMessage());
    } catch (RuntimeException | StackOverflowError e) {
      LOG.warn("Message {} cannot be answered: {}", answer.element(), e.toString());
      throw new RefusedException(Stage.store, Code.OTHER, "the answer cannot be written: " + e);
    }
  }

  private EmbeddedMessage content(Embedded<KafkaMessage> answer)
      throws RefusedException, UnreadableRecordException, IOException {
    KafkaMessage message = answer.element();
    if (answer.outcome() instanceof Embedding embedding) {
      return new EmbeddedMessage(
          message, EmbeddingFields.of(fields(message), embedding, message.source(), null));
    }
    Refusal refusal = (Refusal) answer.outcome();
    Optional<String> deleted = deletedId(message, refusal);
    if (deleted.isPresent()) {
      return EmbeddedMessage.tombstone(message, deleted.get());
    }
    throw new RefusedException(
        Stage.valueOf(refusal.stage().name().toLowerCase(Locale.ROOT)),
        Codes.BY_NAME.getOrDefault(refusal.code(), Code.OTHER),
        refusal.message());
  }

  private void requireRoom(EmbeddedMessage answer) throws RefusedException, IOException {
    Optional<String> tooLarge = embeddings == null ? Optional.empty() : embeddings.tooLarge(answer);
    if (tooLarge.isPresent()) {
      throw new RefusedException(Stage.store, Code.RECORD_TOO_LARGE, tooLarge.get());
    }
  }

  private static Optional<String> deletedId(KafkaMessage message, Refusal refusal) {
    return message.value() == null && refusal.code().equals(Code.NULL_VALUE.name())
        ? ImageRecordReader.id(message.key())
        : Optional.empty();
  }

  private ImageFields fields(KafkaMessage message) throws UnreadableRecordException, IOException {
    if (message.fields() != null) {
      return message.fields();
    }
    if (reader == null) {
      reader = new ImageRecordReader(wire.input(), wire.registry(wire.input()));
    }
    return reader.fields(message.key(), message.value(), message.source());
  }

  /** The record's id, or null where it cannot be read or is none. */
  private String id(KafkaMessage message) throws IOException {
    try {
      return fields(message).id();
    } catch (UnreadableRecordException e) {
      return null;
    }
  }
}
