// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** What an id is: a text that is not empty and has no control characters. */
final class ImageIds {
  private ImageIds() {}

  /** The id that a record says. */
  static String required(String id) throws UnreadableRecordException {
    if (id.isEmpty()) {
      throw new UnreadableRecordException(Code.MISSING_ID, "the record's id is empty");
    }
    if (hasControlCharacters(id)) {
      throw new UnreadableRecordException(
          Code.UNUSABLE_ID, "the record's id holds control characters");
    }
    return id;
  }

  /** The id that a key says, as {@link ImageRecordReader#id}. */
  static Optional<String> ofKey(byte[] key) {
    if (key == null || key.length == 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(
              StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(key)).toString())
          .filter(id -> !hasControlCharacters(id));
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  private static boolean hasControlCharacters(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }
}
