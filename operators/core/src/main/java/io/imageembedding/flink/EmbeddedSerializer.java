// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.types.RecordSerializer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeutils.CompositeTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.StringValue;

/**
 * Writes the element, then a tag and the outcome; the vector as big-endian floats in one piece.
 * Version 1 had no scores; its values are read as those of a model that is no classifier.
 */
final class EmbeddedSerializer<T> extends RecordSerializer<Embedded<T>> {
  private static final long serialVersionUID = 1L;
  private static final int VERSION = 2;
  private static final int WITHOUT_SCORES = 1;
  private static final int EMBEDDING = 0;
  private static final int REFUSAL = 1;
  private static final Refusal.Stage[] STAGES = Refusal.Stage.values();

  private final TypeSerializer<T> element;

  EmbeddedSerializer(TypeSerializer<T> element) {
    super(VERSION, element);
    this.element = element;
  }

  @SuppressWarnings("unchecked")
  static <T> EmbeddedSerializer<T> ofNested(TypeSerializer<?>[] nested) {
    return new EmbeddedSerializer<>((TypeSerializer<T>) nested[0]);
  }

  @Override
  protected void write(Embedded<T> value, DataOutputView out) throws IOException {
    element.serialize(value.element(), out);
    if (value.outcome() instanceof Embedding embedding) {
      out.writeByte(EMBEDDING);
      writeEmbedding(embedding, out);
    } else if (value.outcome() instanceof Refusal refusal) {
      out.writeByte(REFUSAL);
      out.writeByte(refusal.stage().ordinal());
      StringValue.writeString(refusal.code(), out);
      StringValue.writeString(refusal.message(), out);
    }
  }

  @Override
  protected Embedded<T> read(DataInputView in) throws IOException {
    return read(VERSION, in);
  }

  @Override
  protected Embedded<T> readOlder(int found, DataInputView in) throws IOException {
    return found == WITHOUT_SCORES ? read(found, in) : super.readOlder(found, in);
  }

  private Embedded<T> read(int version, DataInputView in) throws IOException {
    T value = element.deserialize(in);
    Outcome outcome =
        in.readByte() == EMBEDDING
            ? readEmbedding(version, in)
            : new Refusal(
                STAGES[in.readByte()], StringValue.readString(in), StringValue.readString(in));
    return new Embedded<>(value, outcome);
  }

  private static void writeEmbedding(Embedding embedding, DataOutputView out) throws IOException {
    ByteBuffer floats = ByteBuffer.allocate(embedding.vector().length * Float.BYTES);
    floats.asFloatBuffer().put(embedding.vector());
    writeBytes(floats.array(), out);
    ImageInfo image = embedding.image();
    StringValue.writeString(image.format(), out);
    out.writeInt(image.width());
    out.writeInt(image.height());
    Provenance provenance = embedding.provenance();
    StringValue.writeString(provenance.model(), out);
    StringValue.writeString(provenance.sha256(), out);
    StringValue.writeString(provenance.precision(), out);
    StringValue.writeString(provenance.preprocessing(), out);
    StringValue.writeString(provenance.vectorSpace(), out);
    out.writeInt(embedding.scores().size());
    for (ClassScore score : embedding.scores()) {
      StringValue.writeString(score.label(), out);
      out.writeFloat(score.score());
    }
  }

  private static Embedding readEmbedding(int version, DataInputView in) throws IOException {
    byte[] bytes = readBytes(in);
    float[] vector = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).asFloatBuffer().get(vector);
    ImageInfo image = new ImageInfo(StringValue.readString(in), in.readInt(), in.readInt());
    Provenance provenance =
        new Provenance(
            StringValue.readString(in),
            StringValue.readString(in),
            StringValue.readString(in),
            StringValue.readString(in),
            StringValue.readString(in));
    return new Embedding(
        vector, image, provenance, version == WITHOUT_SCORES ? List.of() : readScores(in));
  }

  private static List<ClassScore> readScores(DataInputView in) throws IOException {
    int count = in.readInt();
    List<ClassScore> scores = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      scores.add(new ClassScore(StringValue.readString(in), in.readFloat()));
    }
    return scores;
  }

  @Override
  protected Embedded<T> copyElements(Embedded<T> value) {
    return new Embedded<>(element.copy(value.element()), value.outcome());
  }

  @Override
  protected RecordSerializer<Embedded<T>> withNested(TypeSerializer<?>[] serializers) {
    return ofNested(serializers);
  }

  @Override
  public TypeSerializerSnapshot<Embedded<T>> snapshotConfiguration() {
    return new Snapshot<>(this);
  }

  /**
   * What a savepoint remembers of the serializer. Values of older versions stay as they are: each
   * says which it is, and all are read. A newer version than this one is refused.
   */
  public static final class Snapshot<T>
      extends CompositeTypeSerializerSnapshot<Embedded<T>, EmbeddedSerializer<T>> {
    private int version = VERSION;

    /** For restoring. */
    @SuppressWarnings("unused")
    public Snapshot() {}

    Snapshot(EmbeddedSerializer<T> serializer) {
      super(serializer);
    }

    @Override
    protected int getCurrentOuterSnapshotVersion() {
      return VERSION;
    }

    @Override
    protected void readOuterSnapshot(int found, DataInputView in, ClassLoader classLoader) {
      version = found;
    }

    @Override
    protected OuterSchemaCompatibility resolveOuterSchemaCompatibility(
        TypeSerializerSnapshot<Embedded<T>> old) {
      return ((Snapshot<T>) old).version > VERSION
          ? OuterSchemaCompatibility.INCOMPATIBLE
          : OuterSchemaCompatibility.COMPATIBLE_AS_IS;
    }

    @Override
    protected TypeSerializer<?>[] getNestedSerializers(EmbeddedSerializer<T> serializer) {
      return serializer.nested().toArray(TypeSerializer<?>[]::new);
    }

    @Override
    protected EmbeddedSerializer<T> createOuterSerializerWithNestedSerializers(
        TypeSerializer<?>[] nested) {
      return ofNested(nested);
    }
  }
}
