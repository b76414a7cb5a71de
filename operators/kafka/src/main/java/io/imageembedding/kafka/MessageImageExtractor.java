// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.flink.ImageExtractor;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.ImageFields;
import io.imageembedding.schema.ImageMessage;
import io.imageembedding.schema.ImageRecordReader;
import io.imageembedding.schema.UnreadableRecordException;
import java.io.IOException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the image of a message in its wire format. */
final class MessageImageExtractor implements ImageExtractor<KafkaMessage> {
  private static final long serialVersionUID = 1L;

  private final WireSettings wire;
  private transient ImageRecordReader reader;

  /** What the last message says, null if it could not be read. */
  private transient ImageFields last;

  MessageImageExtractor(WireSettings wire) {
    this.wire = wire;
  }

  @Override
  public void open() throws IOException {
    reader = new ImageRecordReader(wire.input(), wire.registry(wire.input()));
  }

  @Override
  public byte[] image(KafkaMessage message) throws ElementRefusedException, IOException {
    last = null;
    if (message.headers().size() > MessageSizes.MAX_HEADERS) {
      throw new ElementRefusedException(
          Code.TOO_LARGE.name(),
          "the message has "
              + message.headers().size()
              + " headers; allowed: "
              + MessageSizes.MAX_HEADERS);
    }
    try {
      ImageMessage read = reader.read(message.key(), message.value(), message.source());
      last = read.fields();
      return read.image();
    } catch (UnreadableRecordException e) {
      throw new ElementRefusedException(e.code().name(), e.getMessage());
    }
  }

  /** A schema registry that does not answer is none's fault: the message is to be read again. */
  @Override
  public boolean isElementsFault(Exception failure) {
    return !(failure instanceof IOException);
  }

  @Override
  public Set<String> refusalCodes() {
    return Stream.of(
            Code.NULL_VALUE,
            Code.WRONG_WIRE_FORMAT,
            Code.UNKNOWN_SCHEMA,
            Code.MISSING_ID,
            Code.UNUSABLE_ID,
            Code.MISSING_IMAGE,
            Code.TOO_LARGE)
        .map(Code::name)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public KafkaMessage read(KafkaMessage message) {
    return last == null ? message : message.with(last);
  }

  @Override
  public String place(KafkaMessage message) {
    return message.source().place();
  }

  @Override
  public long size(KafkaMessage message) {
    return MessageSizes.inMemory(message);
  }
}
