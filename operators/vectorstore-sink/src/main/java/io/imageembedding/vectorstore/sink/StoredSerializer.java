// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import io.imageembedding.types.RecordSerializer;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.RefusedChange.Reason;
import java.io.IOException;
import java.util.Optional;
import org.apache.flink.api.common.typeutils.CompositeTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.StringValue;

/** Writes the element, then whether it was refused, and why. */
final class StoredSerializer<T> extends RecordSerializer<Stored<T>> {
  private static final long serialVersionUID = 1L;
  private static final int VERSION = 1;

  private final TypeSerializer<T> element;

  StoredSerializer(TypeSerializer<T> element) {
    super(VERSION, element);
    this.element = element;
  }

  @SuppressWarnings("unchecked")
  static <T> StoredSerializer<T> ofNested(TypeSerializer<?>[] nested) {
    return new StoredSerializer<>((TypeSerializer<T>) nested[0]);
  }

  @Override
  protected void write(Stored<T> value, DataOutputView out) throws IOException {
    element.serialize(value.element(), out);
    out.writeBoolean(value.refused().isPresent());
    if (value.refused().isPresent()) {
      RefusedChange refused = value.refused().get();
      out.writeInt(refused.index());
      StringValue.writeString(refused.id(), out);
      StringValue.writeString(refused.reason().name(), out);
      StringValue.writeString(refused.message(), out);
    }
  }

  @Override
  protected Stored<T> read(DataInputView in) throws IOException {
    T value = element.deserialize(in);
    return new Stored<>(
        value,
        in.readBoolean()
            ? Optional.of(
                new RefusedChange(
                    in.readInt(),
                    StringValue.readString(in),
                    Reason.valueOf(StringValue.readString(in)),
                    StringValue.readString(in)))
            : Optional.empty());
  }

  @Override
  protected Stored<T> copyElements(Stored<T> value) {
    return new Stored<>(element.copy(value.element()), value.refused());
  }

  @Override
  protected RecordSerializer<Stored<T>> withNested(TypeSerializer<?>[] serializers) {
    return ofNested(serializers);
  }

  @Override
  public TypeSerializerSnapshot<Stored<T>> snapshotConfiguration() {
    return new Snapshot<>(this);
  }

  /** Snapshot with that of the element's serializer. */
  public static final class Snapshot<T>
      extends CompositeTypeSerializerSnapshot<Stored<T>, StoredSerializer<T>> {

    /** For reading snapshots. */
    public Snapshot() {}

    private Snapshot(StoredSerializer<T> serializer) {
      super(serializer);
    }

    @Override
    protected int getCurrentOuterSnapshotVersion() {
      return VERSION;
    }

    @Override
    protected TypeSerializer<?>[] getNestedSerializers(StoredSerializer<T> serializer) {
      return serializer.nested().toArray(TypeSerializer<?>[]::new);
    }

    @Override
    protected StoredSerializer<T> createOuterSerializerWithNestedSerializers(
        TypeSerializer<?>[] serializers) {
      return ofNested(serializers);
    }
  }
}
