// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.kafka.EmbeddedMessage.Refused;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.Stage;
import java.io.IOException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encodes what is to be sent, once it is decided that it is: to the main output, and for what was
 * refused on the way a dead letter to the side output {@link OutputEncoder#DEAD_LETTERS}.
 */
final class OutputSender extends ProcessFunction<EmbeddedMessage, OutgoingMessage> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(OutputSender.class);

  private final WireSettings wire;
  private final String outputTopic;
  private final String deadLetterTopic;
  private final TopicSettings.Lookup topics;

  /** Null where embeddings go to no topic. */
  private transient EmbeddingEncoder embeddings;

  private transient DeadLetterEncoder deadLetters;
  private transient OutputMetrics metrics;

  /**
   * @param outputTopic null where embeddings go to none
   */
  OutputSender(
      WireSettings wire, String outputTopic, String deadLetterTopic, TopicSettings.Lookup topics) {
    this.wire = wire;
    this.outputTopic = outputTopic;
    this.deadLetterTopic = deadLetterTopic;
    this.topics = topics;
  }

  @Override
  public void open(OpenContext context) throws IOException {
    metrics = new OutputMetrics(getRuntimeContext().getMetricGroup());
    if (outputTopic != null) {
      embeddings = new EmbeddingEncoder(wire, outputTopic, topics);
      embeddings.open();
    }
    deadLetters = DeadLetterEncoder.of(wire, deadLetterTopic, topics);
  }

  @Override
  public void processElement(
      EmbeddedMessage answer, Context context, Collector<OutgoingMessage> out) throws IOException {
    long start = System.nanoTime();
    Refused refused = answer.refusal();
    OutgoingMessage sent = null;
    OutgoingMessage deadLetter = null;
    if (refused == null && embeddings != null) {
      try {
        sent = embeddings.encode(answer);
      } catch (RuntimeException | StackOverflowError e) {
        LOG.warn("Message {} cannot be answered: {}", answer.message(), e.toString());
        refused = new Refused(Code.OTHER, "the answer cannot be written: " + e);
      }
    }
    if (refused != null) {
      deadLetter =
          deadLetters.encode(
              answer.message(), answer.id(), Stage.store, refused.code(), refused.reason());
    }
    metrics.encoded(System.nanoTime() - start);
    metrics.answered(answer.message());
    if (deadLetter != null) {
      context.output(OutputEncoder.DEAD_LETTERS, deadLetter);
    } else if (sent != null) {
      out.collect(sent);
    }
  }
}
