// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.safety.BoundedCache;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.data.TimeConversions.TimestampMillisConversion;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Reads records from the values of messages in {@link WireFormat#AVRO} or {@link
 * WireFormat#CONFLUENT_AVRO}, whichever compatible schema they were written with. Whatever the
 * bytes are, it answers with a record or {@link UnreadableRecordException}, and allocates no more
 * than the bytes hold. Not thread-safe.
 *
 * @param <T> the record
 */
@NullMarked
@PublicEvolving
public final class RecordReader<T> {
  private static final int MAX_WRITERS = 1000;

  private final Schema schema;
  private final Schema required;
  private final Framing framing;
  private final @Nullable SchemaRegistry registry;
  private final Function<Schema, Decoding<T>> newReader;

  /** By the id of the writer's schema; empty for one that is not compatible. */
  private final BoundedCache<Long, Optional<Decoding<T>>> readers =
      BoundedCache.ofEntries(MAX_WRITERS);

  private BinaryDecoder decoder;

  /** Reads one record that was written with a certain schema. */
  private interface Decoding<T> {
    T read(BinaryDecoder in) throws IOException;
  }

  private RecordReader(
      Schema schema,
      Schema required,
      Framing framing,
      @Nullable SchemaRegistry registry,
      Function<Schema, Decoding<T>> newReader) {
    this.schema = schema;
    this.required = required;
    this.framing = framing;
    this.registry = registry;
    this.newReader = newReader;
  }

  /**
   * A reader of embeddings.
   *
   * @param registry null unless the format needs it
   */
  public static RecordReader<EmbeddingRecord> embeddings(
      WireFormat format, @Nullable SchemaRegistry registry) {
    return embeddings(format.framing(registry), registry);
  }

  static RecordReader<EmbeddingRecord> embeddings(
      Framing framing, @Nullable SchemaRegistry registry) {
    return specific(EmbeddingRecord.SCHEMA$, EmbeddingForms::readAvro, framing, registry);
  }

  /**
   * A reader of dead letters.
   *
   * @param registry null unless the format needs it
   */
  public static RecordReader<DeadLetter> deadLetters(
      WireFormat format, @Nullable SchemaRegistry registry) {
    return deadLetters(format.framing(registry), registry);
  }

  static RecordReader<DeadLetter> deadLetters(Framing framing, @Nullable SchemaRegistry registry) {
    return specific(DeadLetter.SCHEMA$, null, framing, registry);
  }

  /**
   * @param sameSchema how to read what was written with just that schema; null: as Avro does
   */
  private static <T> RecordReader<T> specific(
      Schema schema,
      @Nullable Decoding<T> sameSchema,
      Framing framing,
      @Nullable SchemaRegistry registry) {
    return new RecordReader<>(
        schema,
        schema,
        framing,
        registry,
        writer ->
            sameSchema != null && writer.equals(schema)
                ? sameSchema
                : avros(new SpecificDatumReader<>(writer, schema, GeneratedClasses.INSTANCE)));
  }

  /**
   * A reader of some fields of a record, as generic records; the others are skipped.
   *
   * @param required with all fields that are read of the record, by whichever reader: what fits
   *     only some of them is not read by any
   */
  static <T> RecordReader<T> projection(
      Schema schema, Schema required, Framing framing, @Nullable SchemaRegistry registry) {
    return new RecordReader<>(
        schema,
        required,
        framing,
        registry,
        writer -> avros(new GenericDatumReader<>(writer, schema, GeneratedClasses.INSTANCE)));
  }

  private static <T> Decoding<T> avros(DatumReader<T> reader) {
    return in -> reader.read(null, in);
  }

  /**
   * The record in a message's value.
   *
   * @throws UnreadableRecordException if there is none that can be read
   * @throws IOException if the schema registry does not answer
   */
  public T read(byte @Nullable [] value) throws UnreadableRecordException, IOException {
    if (value == null) {
      throw new UnreadableRecordException(Code.NULL_VALUE, "the message has no value");
    }
    ByteBuffer message = ByteBuffer.wrap(value);
    Framing.Writer writer = framing.writer(message, registry);
    Decoding<T> reader =
        readers
            .get(writer.id(), id -> newReader(writer.schema()))
            .orElseThrow(() -> incompatible(writer.schema()));
    try {
      if (!EncodedRecordBounds.isExactlyOne(writer.schema(), message)) {
        throw wrongFormat();
      }
      decoder =
          DecoderFactory.get()
              .binaryDecoder(value, message.position(), message.remaining(), decoder);
      return reader.read(decoder);
    } catch (RuntimeException | StackOverflowError | IOException e) {
      throw wrongFormat();
    }
  }

  private UnreadableRecordException wrongFormat() {
    return new UnreadableRecordException(
        Code.WRONG_WIRE_FORMAT,
        "the value is no " + schema.getName() + " of the schema that it names");
  }

  private UnreadableRecordException incompatible(Schema writer) {
    return new UnreadableRecordException(
        Code.UNKNOWN_SCHEMA,
        "schema "
            + writer.getFullName()
            + " of the message is not compatible with "
            + schema.getFullName());
  }

  private Optional<Decoding<T>> newReader(Schema writer) {
    try {
      return SchemaCompatibility.checkReaderWriterCompatibility(required, writer).getType()
              == SchemaCompatibilityType.COMPATIBLE
          ? Optional.of(newReader.apply(writer))
          : Optional.empty();
    } catch (RuntimeException | StackOverflowError e) {
      return Optional.empty();
    }
  }

  /**
   * Finds the generated classes without the look-up by name that Avro guards by a system property,
   * which a user of this library then need not set.
   */
  private static final class GeneratedClasses extends SpecificData {
    static final GeneratedClasses INSTANCE = new GeneratedClasses();

    private static final Map<String, Class<?>> CLASSES =
        Map.of(
            EmbeddingRecord.SCHEMA$.getFullName(), EmbeddingRecord.class,
            Model.SCHEMA$.getFullName(), Model.class,
            Image.SCHEMA$.getFullName(), Image.class,
            Source.SCHEMA$.getFullName(), Source.class,
            ClassScore.SCHEMA$.getFullName(), ClassScore.class,
            FetchedObject.SCHEMA$.getFullName(), FetchedObject.class,
            DeadLetter.SCHEMA$.getFullName(), DeadLetter.class,
            Header.SCHEMA$.getFullName(), Header.class,
            Stage.SCHEMA$.getFullName(), Stage.class,
            Code.SCHEMA$.getFullName(), Code.class);

    private GeneratedClasses() {
      addLogicalTypeConversion(new TimestampMillisConversion());
    }

    @Override
    public Class<?> getClass(Schema schema) {
      return switch (schema.getType()) {
        case RECORD, ENUM -> CLASSES.get(schema.getFullName());
        default -> super.getClass(schema);
      };
    }
  }
}
