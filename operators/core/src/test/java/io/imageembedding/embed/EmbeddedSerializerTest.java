// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import io.imageembedding.image.ImageInfo;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.SerializerTestBase;
import org.apache.flink.api.common.typeutils.TypeSerializer;

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
          new Embedded<>("text", new Refusal(Refusal.Stage.IMAGE, "NOT_AN_IMAGE", "it is ü text")),
          new Embedded<>("", new Refusal(Refusal.Stage.VECTOR, "NOT_FINITE", "x".repeat(70_000)))
        };
  }

  @Override
  protected boolean allowNullInstances(TypeSerializer<Embedded<String>> serializer) {
    return true;
  }
}
