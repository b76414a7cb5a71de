// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.embedding.SourcePosition;
import java.util.Map;

/** The value is the image, and the id the key, or where the message came from. */
final class RawCodec implements WireCodec.Input, WireCodec.ImageReading {

  @Override
  public ImageReading images(SchemaRegistry registry) {
    return this;
  }

  @Override
  public ImageMessage read(byte[] key, byte[] value, SourcePosition source)
      throws UnreadableRecordException {
    if (value == null) {
      throw new UnreadableRecordException(Code.NULL_VALUE, "the message has no value");
    }
    return new ImageMessage(fields(key, value, source), value);
  }

  @Override
  public ImageFields fields(byte[] key, byte[] value, SourcePosition source) {
    return new ImageFields(ImageIds.ofKey(key).orElseGet(source::message), null, Map.of());
  }
}
