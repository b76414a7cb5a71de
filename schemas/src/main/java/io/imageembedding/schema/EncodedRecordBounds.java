// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import org.apache.avro.Schema;

/**
 * Walks over an Avro-encoded value without decoding it and sees that every length, count and index
 * in it stays within the bytes there are, so that nothing is allocated by a number that a stranger
 * wrote, and that there are not many more values in it than bytes, so that who decodes it does no
 * more work than the bytes are worth: null and records of nothing take none. Follows "Data
 * Serialization and Deserialization" of the Avro specification.
 */
final class EncodedRecordBounds {
  private static final int MAX_DEPTH = 64;

  /** Values without bytes that any record may have, such as fields that are null by their type. */
  private static final long FREE_VALUES = 10_000;

  private static final long VALUES_FOR_EACH_BYTE = 4;

  private final ByteBuffer in;
  private long valuesLeft;

  private EncodedRecordBounds(ByteBuffer in) {
    this.in = in;
    valuesLeft = FREE_VALUES + VALUES_FOR_EACH_BYTE * in.remaining();
  }

  /** Whether the bytes that remain are exactly one value of the schema. */
  static boolean isExactlyOne(Schema schema, ByteBuffer bytes) {
    ByteBuffer walk = bytes.slice();
    try {
      return new EncodedRecordBounds(walk).skip(schema, 0) && !walk.hasRemaining();
    } catch (BufferUnderflowException e) {
      return false;
    }
  }

  private boolean skip(Schema schema, int depth) {
    if (depth > MAX_DEPTH || --valuesLeft < 0) {
      return false;
    }
    return switch (schema.getType()) {
      case NULL -> true;
      case BOOLEAN -> advance(1);
      case FLOAT -> advance(Float.BYTES);
      case DOUBLE -> advance(Double.BYTES);
      case FIXED -> advance(schema.getFixedSize());
      case INT -> isInt(varint());
      case LONG -> {
        varint();
        yield true;
      }
      case STRING, BYTES -> advance(varint());
      case ENUM -> isIndex(varint(), schema.getEnumSymbols().size());
      case UNION -> {
        long index = varint();
        yield isIndex(index, schema.getTypes().size())
            && skip(schema.getTypes().get((int) index), depth + 1);
      }
      case RECORD -> {
        for (Schema.Field field : schema.getFields()) {
          if (!skip(field.schema(), depth + 1)) {
            yield false;
          }
        }
        yield true;
      }
      case ARRAY -> skipBlocks(null, schema.getElementType(), depth);
      case MAP -> skipBlocks(Schema.create(Schema.Type.STRING), schema.getValueType(), depth);
    };
  }

  /** Bytes of a number that always takes as many; 0 for anything else. */
  private static int fixedBytes(Schema schema) {
    return switch (schema.getType()) {
      case FLOAT -> Float.BYTES;
      case DOUBLE -> Double.BYTES;
      default -> 0;
    };
  }

  private boolean skipBlocks(Schema key, Schema item, int depth) {
    for (long count = varint(); count != 0; count = varint()) {
      long end = -1;
      if (count < 0) {
        count = -count;
        long size = varint();
        if (size < 0 || size > in.remaining()) {
          return false;
        }
        end = in.position() + size;
      }
      // An item of no bytes (null, an empty record) could be counted for ever.
      if (count < 0 || count > in.remaining()) {
        return false;
      }
      // Who skips a block goes by its size, who reads it by its items.
      if (!skipItems(count, key, item, depth) || end >= 0 && in.position() != end) {
        return false;
      }
    }
    return true;
  }

  private boolean skipItems(long count, Schema key, Schema item, int depth) {
    int bytes = key == null ? fixedBytes(item) : 0;
    if (bytes > 0) {
      return advance(count * bytes);
    }
    for (long i = 0; i < count; i++) {
      if (key != null && !skip(key, depth + 1) || !skip(item, depth + 1)) {
        return false;
      }
    }
    return true;
  }

  private boolean advance(long length) {
    if (length < 0 || length > in.remaining()) {
      return false;
    }
    in.position(in.position() + (int) length);
    return true;
  }

  private static boolean isIndex(long index, int size) {
    return index >= 0 && index < size;
  }

  private static boolean isInt(long value) {
    return value == (int) value;
  }

  /** Variable-length zig-zag coding; more than ten bytes are no number. */
  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value >>> 1 ^ -(value & 1);
      }
    }
    throw new BufferUnderflowException();
  }
}
