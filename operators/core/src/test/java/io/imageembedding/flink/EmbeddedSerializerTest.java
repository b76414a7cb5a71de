// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.SerializerTestBase;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class EmbeddedSerializerTest extends SerializerTestBase<Embedded<String>> {

  @Override
  protected TypeSerializer<Embedded<String>> createSerializer() {
    return Embedded.typeInformation(Types.STRING).createSerializer(new SerializerConfigImpl());
  }

  @Override
  protected int getLength() {
    return -1;
  }

  @Override
  @SuppressWarnings("unchecked")
  protected Class<Embedded<String>> getTypeClass() {
    return (Class<Embedded<String>>) (Class<?>) Embedded.class;
  }

  @Override
  @SuppressWarnings("unchecked")
  protected Embedded<String>[] getTestData() {
    return (Embedded<String>[])
        new Embedded<?>[] {
          new Embedded<>(
              "photo",
              new Embedding(
                  new float[] {0, -1.5f, Float.MIN_VALUE, Float.MAX_VALUE},
                  new ImageInfo("jpeg", 640, 427),
                  new Provenance("model", "12ab", "fp32", "way", "34cd"))),
          new Embedded<>(
              "classified",
              new Embedding(
                  new float[] {1},
                  new ImageInfo("png", 1, 2),
                  new Provenance("model", "12ab", "fp32", "way", "34cd"),
                  List.of(new ClassScore("Schäferhund", 0.75f), new ClassScore("", 0)))),
          new Embedded<>("text", new Refusal(Refusal.Stage.IMAGE, "NOT_AN_IMAGE", "it is ü text")),
          new Embedded<>("", new Refusal(Refusal.Stage.VECTOR, "NOT_FINITE", "x".repeat(70_000)))
        };
  }

  @Test
  void valuesThatVersionOneWroteAreReadWithoutScores() throws IOException {
    DataInputDeserializer old = new DataInputDeserializer(bytes("Embedded-1.hex"));

    assertThat(createSerializer().deserialize(old)).isEqualTo(getTestData()[0]);
    assertThat(createSerializer().deserialize(old)).isEqualTo(getTestData()[2]);
    assertThat(old.available()).isZero();
  }

  @Test
  void valuesOfANewerVersionAreRefused() {
    assertThatThrownBy(
            () ->
                createSerializer().deserialize(new DataInputDeserializer(new byte[] {3, 0, 0, 0})))
        .isInstanceOf(IOException.class)
        .hasMessage("EmbeddedSerializer reads version 2, found version 3");
  }

  @Test
  void aSnapshotOfVersionOneIsCompatibleAndItsSerializerReadsOldAndWritesNew() throws IOException {
    TypeSerializerSnapshot<Embedded<String>> old = snapshot(bytes("EmbeddedSnapshot-1.hex"));

    assertThat(
            createSerializer()
                .snapshotConfiguration()
                .resolveSchemaCompatibility(old)
                .isCompatibleAsIs())
        .isTrue();
    TypeSerializer<Embedded<String>> restored = old.restoreSerializer();
    assertThat(restored.deserialize(new DataInputDeserializer(bytes("Embedded-1.hex"))))
        .isEqualTo(getTestData()[0]);
    DataOutputSerializer out = new DataOutputSerializer(64);
    restored.serialize(getTestData()[1], out);
    assertThat(createSerializer().deserialize(new DataInputDeserializer(out.getCopyOfBuffer())))
        .isEqualTo(getTestData()[1]);
  }

  @Test
  void aSnapshotOfANewerVersionIsIncompatible() throws IOException {
    byte[] bytes = bytes("EmbeddedSnapshot-1.hex");
    ByteBuffer.wrap(bytes).putInt(outerVersionAt(bytes), 3);

    assertThat(
            createSerializer()
                .snapshotConfiguration()
                .resolveSchemaCompatibility(snapshot(bytes))
                .isIncompatible())
        .isTrue();
  }

  /** The outer version follows Flink's magic number in a snapshot of a composite serializer. */
  private static int outerVersionAt(byte[] snapshot) {
    ByteBuffer buffer = ByteBuffer.wrap(snapshot);
    for (int at = 0; at < snapshot.length - 8; at++) {
      if (buffer.getInt(at) == 911108 && buffer.getInt(at + 4) == 1) {
        return at + 4;
      }
    }
    throw new AssertionError("this is no snapshot of a composite serializer of version 1");
  }

  private static TypeSerializerSnapshot<Embedded<String>> snapshot(byte[] bytes)
      throws IOException {
    return TypeSerializerSnapshot.readVersionedSnapshot(
        new DataInputDeserializer(bytes), EmbeddedSerializerTest.class.getClassLoader());
  }

  private static byte[] bytes(String resource) throws IOException {
    try (InputStream in = EmbeddedSerializerTest.class.getResourceAsStream(resource)) {
      return HexFormat.of()
          .parseHex(new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip());
    }
  }

  @Override
  protected boolean allowNullInstances(TypeSerializer<Embedded<String>> serializer) {
    return true;
  }
}
