// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import org.apache.avro.Schema;

/**
 * Walks over an Avro-encoded value without decoding it and sees that every length, count and index
 * in it stays within the bytes there are, so that nothing is allocated by a number that a stranger
 * wrote. Follows "Data Serialization and Deserialization" of the Avro specification.
 */
final class EncodedRecordBounds {
  private static final int MAX_DEPTH = 64;

  private EncodedRecordBounds() {}

  /** Whether the bytes that remain are exactly one value of the schema. */
  static boolean isExactlyOne(Schema schema, ByteBuffer bytes) {
    ByteBuffer walk = bytes.slice();
    try {
      return skip(schema, walk, 0) && !walk.hasRemaining();
    } catch (BufferUnderflowException e) {
      return false;
    }
  }

  private static boolean skip(Schema schema, ByteBuffer in, int depth) {
    if (depth > MAX_DEPTH) {
      return false;
    }
    return switch (schema.getType()) {
      case NULL -> true;
      case BOOLEAN -> advance(in, 1);
      case FLOAT -> advance(in, Float.BYTES);
      case DOUBLE -> advance(in, Double.BYTES);
      case FIXED -> advance(in, schema.getFixedSize());
      case INT -> isInt(varint(in));
      case LONG -> {
        varint(in);
        yield true;
      }
      case STRING, BYTES -> advance(in, varint(in));
      case ENUM -> isIndex(varint(in), schema.getEnumSymbols().size());
      case UNION -> {
        long index = varint(in);
        yield isIndex(index, schema.getTypes().size())
            && skip(schema.getTypes().get((int) index), in, depth + 1);
      }
      case RECORD -> {
        for (Schema.Field field : schema.getFields()) {
          if (!skip(field.schema(), in, depth + 1)) {
            yield false;
          }
        }
        yield true;
      }
      case ARRAY -> skipBlocks(null, schema.getElementType(), in, depth);
      case MAP -> skipBlocks(Schema.create(Schema.Type.STRING), schema.getValueType(), in, depth);
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

  private static boolean skipBlocks(Schema key, Schema item, ByteBuffer in, int depth) {
    for (long count = varint(in); count != 0; count = varint(in)) {
      if (count < 0) {
        count = -count;
        varint(in);
      }
      // An item of no bytes (null, an empty record) could be counted for ever.
      if (count < 0 || count > in.remaining()) {
        return false;
      }
      int bytes = key == null ? fixedBytes(item) : 0;
      if (bytes > 0) {
        if (!advance(in, count * bytes)) {
          return false;
        }
        continue;
      }
      for (long i = 0; i < count; i++) {
        if (key != null && !skip(key, in, depth + 1) || !skip(item, in, depth + 1)) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean advance(ByteBuffer in, long length) {
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
  private static long varint(ByteBuffer in) {
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
