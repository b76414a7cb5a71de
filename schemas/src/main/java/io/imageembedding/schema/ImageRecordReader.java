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
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Reads messages with images: all that they say at once, or what stands beside the image alone, so
 * that the image costs nothing. Not thread-safe.
 */
@NullMarked
@PublicEvolving
public final class ImageRecordReader {
  private static final Schema BESIDE = fields("id", "capturedAt", "attributes");
  private static final Schema ALL_THAT_IS_READ = fields("id", "image", "capturedAt", "attributes");

  private final WireFormat format;
  private final RecordReader<GenericRecord> all;
  private final RecordReader<GenericRecord> beside;

  /**
   * @param format one that {@link WireFormat#isInput() can be read}
   * @param registry null unless the format needs it
   */
  public ImageRecordReader(WireFormat format, @Nullable SchemaRegistry registry) {
    if (!format.isInput()) {
      throw new IllegalArgumentException("wire format " + format.key() + " is not for input");
    }
    this.format = format;
    this.all = RecordReader.projection(ALL_THAT_IS_READ, ALL_THAT_IS_READ, format, registry);
    this.beside = RecordReader.projection(BESIDE, ALL_THAT_IS_READ, format, registry);
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
   * What a message says. With {@link WireFormat#RAW} the value is the image, and the id is the key,
   * or {@code topic-partition-offset} where that {@link #id is none}. Ids that are empty or hold
   * control characters are none: those of keys and of records are of one kind.
   *
   * @throws UnreadableRecordException if there is no record with an id
   * @throws IOException if the schema registry does not answer
   */
  public ImageMessage read(byte @Nullable [] key, byte @Nullable [] value, SourcePosition source)
      throws UnreadableRecordException, IOException {
    if (format == WireFormat.RAW) {
      if (value == null) {
        throw new UnreadableRecordException(Code.NULL_VALUE, "the message has no value");
      }
      return new ImageMessage(fields(key, value, source), value);
    }
    GenericRecord record = all.read(value);
    ImageFields fields = fields(record);
    return new ImageMessage(
        fields, record.get("image") instanceof ByteBuffer image ? bytes(image) : null);
  }

  private static byte[] bytes(ByteBuffer image) {
    byte[] bytes = new byte[image.remaining()];
    image.get(bytes);
    return bytes;
  }

  private static ImageFields fields(GenericRecord record) throws UnreadableRecordException {
    @SuppressWarnings("unchecked")
    Map<String, String> attributes = (Map<String, String>) record.get("attributes");
    return new ImageFields(requireId(record), (Instant) record.get("capturedAt"), attributes);
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
   * What a message says beside its image, as {@link #read} does.
   *
   * @throws UnreadableRecordException if there is no record with an id
   * @throws IOException if the schema registry does not answer
   */
  public ImageFields fields(byte @Nullable [] key, byte @Nullable [] value, SourcePosition source)
      throws UnreadableRecordException, IOException {
    return format == WireFormat.RAW
        ? new ImageFields(id(key).orElseGet(source::message), null, Map.of())
        : fields(beside.read(value));
  }

  /**
   * The id that a key says: its text. By it a message without a value names the image that is to be
   * deleted. Empty where the key is null, empty, not UTF-8 or holds control characters (U+0000 to
   * U+001F, U+007F to U+009F), as numbers and Avro records that were written as keys do.
   */
  public static Optional<String> id(byte @Nullable [] key) {
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
