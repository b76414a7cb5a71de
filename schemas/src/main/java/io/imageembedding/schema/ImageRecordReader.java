// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.SourcePosition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;

/**
 * Reads images from messages: the encoded image alone, and what else the record says without the
 * image, so that neither costs the other. Not thread-safe.
 */
@PublicEvolving
public final class ImageRecordReader {

  /**
   * A record without its image.
   *
   * @param id not empty, without control characters
   * @param capturedAt null where it is not known
   * @param attributes of the producer
   */
  public record Metadata(String id, Instant capturedAt, Map<String, String> attributes) {}

  private static final Schema IMAGE = fields("id", "image");
  private static final Schema METADATA = fields("id", "capturedAt", "attributes");
  private static final Schema ALL_THAT_IS_READ = fields("id", "image", "capturedAt", "attributes");

  private final WireFormat format;
  private final RecordReader<GenericRecord> images;
  private final RecordReader<GenericRecord> metadata;

  /**
   * @param format one that {@link WireFormat#isInput() can be read}
   * @param registry null unless the format needs it
   */
  public ImageRecordReader(WireFormat format, SchemaRegistry registry) {
    if (!format.isInput()) {
      throw new IllegalArgumentException("wire format " + format.key() + " is not for input");
    }
    this.format = format;
    this.images = RecordReader.projection(IMAGE, ALL_THAT_IS_READ, format, registry);
    this.metadata = RecordReader.projection(METADATA, ALL_THAT_IS_READ, format, registry);
  }

  private static Schema fields(String... names) {
    List<Schema.Field> fields =
        List.of(names).stream()
            .map(ImageRecord.SCHEMA$::getField)
            .map(field -> new Schema.Field(field, field.schema()))
            .toList();
    return Schema.createRecord(
        ImageRecord.SCHEMA$.getName(), null, ImageRecord.SCHEMA$.getNamespace(), false, fields);
  }

  /**
   * The encoded image in a message's value; may be empty. Ids that are empty or hold control
   * characters are none: those of keys ({@link #id}) and of records are of one kind.
   *
   * @throws UnreadableRecordException if there is no record with id and image
   * @throws IOException if the schema registry does not answer
   */
  public byte[] image(byte[] value) throws UnreadableRecordException, IOException {
    if (format == WireFormat.RAW) {
      if (value == null) {
        throw new UnreadableRecordException(Code.NULL_VALUE, "the message has no value");
      }
      return value;
    }
    GenericRecord record = images.read(value);
    requireId(record);
    if (!(record.get("image") instanceof ByteBuffer image)) {
      throw new UnreadableRecordException(
          Code.MISSING_IMAGE,
          "the record has no image bytes; reading from its uri is not supported");
    }
    byte[] bytes = new byte[image.remaining()];
    image.get(bytes);
    return bytes;
  }

  private static String requireId(GenericRecord record) throws UnreadableRecordException {
    String id = record.get("id").toString();
    if (id.isEmpty()) {
      throw new UnreadableRecordException(Code.MISSING_ID, "the record's id is empty");
    }
    if (hasControlCharacters(id)) {
      throw new UnreadableRecordException(
          Code.UNUSABLE_ID, "the record's id holds control characters");
    }
    return id;
  }

  private static boolean hasControlCharacters(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }

  /**
   * What the message says beside the image. With {@link WireFormat#RAW} the id is the key, or
   * {@code topic-partition-offset} where that {@link #id is none}.
   *
   * @throws UnreadableRecordException if there is no record with an id
   * @throws IOException if the schema registry does not answer
   */
  public Metadata metadata(byte[] key, byte[] value, SourcePosition source)
      throws UnreadableRecordException, IOException {
    if (format == WireFormat.RAW) {
      return new Metadata(id(key).orElseGet(source::message), null, Map.of());
    }
    GenericRecord record = metadata.read(value);
    @SuppressWarnings("unchecked")
    Map<String, String> attributes = (Map<String, String>) record.get("attributes");
    return new Metadata(requireId(record), (Instant) record.get("capturedAt"), attributes);
  }

  /**
   * The id that a key says: its text. By it a message without a value names the image that is to be
   * deleted. Empty where the key is null, empty, not UTF-8 or holds control characters (U+0000 to
   * U+001F, U+007F to U+009F), as numbers and Avro records that were written as keys do.
   */
  public static Optional<String> id(byte[] key) {
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
}
