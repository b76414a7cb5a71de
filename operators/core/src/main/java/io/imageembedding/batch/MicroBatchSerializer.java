// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.types.RecordSerializer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeutils.CompositeTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Writes reason, count, then timestamp and element in turn. */
final class MicroBatchSerializer<T> extends RecordSerializer<MicroBatch<T>> {
  private static final long serialVersionUID = 1L;
  private static final int VERSION = 1;
  private static final FlushReason[] REASONS = FlushReason.values();

  private final TypeSerializer<T> element;

  MicroBatchSerializer(TypeSerializer<T> element) {
    super(VERSION, element);
    this.element = element;
  }

  @SuppressWarnings("unchecked")
  static <T> MicroBatchSerializer<T> ofNested(TypeSerializer<?>[] nested) {
    return new MicroBatchSerializer<>((TypeSerializer<T>) nested[0]);
  }

  @Override
  protected void write(MicroBatch<T> batch, DataOutputView out) throws IOException {
    out.writeByte(batch.flushReason().ordinal());
    out.writeInt(batch.size());
    for (int i = 0; i < batch.size(); i++) {
      out.writeLong(batch.timestamp(i));
      element.serialize(batch.elements().get(i), out);
    }
  }

  @Override
  protected MicroBatch<T> read(DataInputView in) throws IOException {
    FlushReason reason = REASONS[in.readByte()];
    int size = in.readInt();
    List<T> elements = new ArrayList<>(size);
    long[] timestamps = new long[size];
    for (int i = 0; i < size; i++) {
      timestamps[i] = in.readLong();
      elements.add(element.deserialize(in));
    }
    return new MicroBatch<>(elements, timestamps, reason);
  }

  @Override
  protected MicroBatch<T> copyElements(MicroBatch<T> batch) {
    return batch.withElements(batch.elements().stream().map(element::copy).toList());
  }

  @Override
  protected RecordSerializer<MicroBatch<T>> withNested(TypeSerializer<?>[] serializers) {
    return ofNested(serializers);
  }

  @Override
  public TypeSerializerSnapshot<MicroBatch<T>> snapshotConfiguration() {
    return new Snapshot<>(this);
  }

  /** What a savepoint remembers of the serializer. */
  public static final class Snapshot<T>
      extends CompositeTypeSerializerSnapshot<MicroBatch<T>, MicroBatchSerializer<T>> {

    /** For restoring. */
    @SuppressWarnings("unused")
    public Snapshot() {}

    Snapshot(MicroBatchSerializer<T> serializer) {
      super(serializer);
    }

    @Override
    protected int getCurrentOuterSnapshotVersion() {
      return VERSION;
    }

    @Override
    protected TypeSerializer<?>[] getNestedSerializers(MicroBatchSerializer<T> serializer) {
      return serializer.nested().toArray(TypeSerializer<?>[]::new);
    }

    @Override
    protected MicroBatchSerializer<T> createOuterSerializerWithNestedSerializers(
        TypeSerializer<?>[] nested) {
      return ofNested(nested);
    }
  }
}
