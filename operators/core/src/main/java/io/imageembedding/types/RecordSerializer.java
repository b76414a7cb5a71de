// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.types;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Base of the serializers of values that are immutable apart from the elements of another type that
 * they may carry. One version byte precedes every value, so that data of an unaligned checkpoint
 * that another version wrote is read as what it is or refused by name, and never misread.
 *
 * <p>A value is copied only if a nested serializer says that its elements can change.
 *
 * @param <T> the value
 */
@Internal
public abstract class RecordSerializer<T> extends TypeSerializer<T> {
  private static final long serialVersionUID = 1L;

  private final int version;
  private final TypeSerializer<?>[] nested;

  /**
   * @param version of what {@link #write} writes, 1 to 127
   * @param nested serializers of the elements that a value carries
   */
  protected RecordSerializer(int version, TypeSerializer<?>... nested) {
    this.version = version;
    this.nested = nested.clone();
  }

  /** Writes the value's content. */
  protected abstract void write(T value, DataOutputView out) throws IOException;

  /** Reads what {@link #write} wrote. */
  protected abstract T read(DataInputView in) throws IOException;

  /**
   * Reads what an older version wrote; refused unless a serializer knows it.
   *
   * @param found the version that stands before the value
   */
  protected T readOlder(int found, DataInputView in) throws IOException {
    throw new IOException(
        getClass().getSimpleName() + " reads version " + version + ", found version " + found);
  }

  /** The value with copies of the elements it carries; called only if those can change. */
  protected T copyElements(T value) {
    return value;
  }

  /** This serializer with others for the elements. */
  protected abstract RecordSerializer<T> withNested(TypeSerializer<?>[] serializers);

  /** The serializers of the elements. */
  public final List<TypeSerializer<?>> nested() {
    return List.of(nested);
  }

  @Override
  public final boolean isImmutableType() {
    return Arrays.stream(nested).allMatch(TypeSerializer::isImmutableType);
  }

  @Override
  public final TypeSerializer<T> duplicate() {
    TypeSerializer<?>[] duplicates =
        Arrays.stream(nested).map(TypeSerializer::duplicate).toArray(TypeSerializer<?>[]::new);
    return withNested(duplicates);
  }

  @Override
  public final T createInstance() {
    return null;
  }

  @Override
  public final T copy(T from) {
    return isImmutableType() ? from : copyElements(from);
  }

  @Override
  public final T copy(T from, T reuse) {
    return copy(from);
  }

  @Override
  public final int getLength() {
    return -1;
  }

  @Override
  public final void serialize(T value, DataOutputView out) throws IOException {
    out.writeByte(version);
    write(value, out);
  }

  @Override
  public final T deserialize(DataInputView in) throws IOException {
    int found = in.readByte();
    return found == version ? read(in) : readOlder(found, in);
  }

  @Override
  public final T deserialize(T reuse, DataInputView in) throws IOException {
    return deserialize(in);
  }

  @Override
  public final void copy(DataInputView in, DataOutputView out) throws IOException {
    serialize(deserialize(in), out);
  }

  @Override
  public final boolean equals(Object other) {
    return other != null
        && other.getClass() == getClass()
        && Arrays.equals(((RecordSerializer<?>) other).nested, nested);
  }

  @Override
  public final int hashCode() {
    return 31 * getClass().hashCode() + Arrays.hashCode(nested);
  }

  /** Writes an array with its length in front. */
  protected static void writeBytes(byte[] bytes, DataOutputView out) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /** Reads what {@link #writeBytes} wrote. */
  protected static byte[] readBytes(DataInputView in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }
}
