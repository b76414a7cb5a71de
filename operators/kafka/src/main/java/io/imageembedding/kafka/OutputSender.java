// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.kafka.EmbeddedMessage.Refused;
import io.imageembedding.schema.Stage;
import java.io.IOException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Hands on what is to be sent to the main output, and for what was refused on the way a dead letter
 * to the side output {@link OutputEncoder#DEAD_LETTERS}.
 */
final class OutputSender extends ProcessFunction<EmbeddedMessage, OutgoingMessage> {
  private static final long serialVersionUID = 1L;

  private final WireSettings wire;
  private final String deadLetterTopic;
  private final TopicSettings.Lookup topics;

  private transient DeadLetterEncoder deadLetters;

  OutputSender(WireSettings wire, String deadLetterTopic, TopicSettings.Lookup topics) {
    this.wire = wire;
    this.deadLetterTopic = deadLetterTopic;
    this.topics = topics;
  }

  @Override
  public void open(OpenContext context) throws IOException {
    deadLetters = DeadLetterEncoder.of(wire, deadLetterTopic, topics);
  }

  @Override
  public void processElement(
      EmbeddedMessage answer, Context context, Collector<OutgoingMessage> out) throws IOException {
    Refused refused = answer.refusal();
    if (refused != null) {
      context.output(
          OutputEncoder.DEAD_LETTERS,
          deadLetters.encode(
              answer.message(), answer.id(), Stage.store, refused.code(), refused.reason()));
    } else if (answer.outgoing() != null) {
      out.collect(answer.outgoing());
    }
  }
}
