// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.vectorstore.RefusedChange;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class StoredSerializerTest {

  @Test
  void answersAreReadAsTheyWereWritten() throws IOException {
    StoredSerializer<Long> serializer = new StoredSerializer<>(LongSerializer.INSTANCE);
    for (Stored<Long> answer :
        List.of(
            new Stored<>(4L, Optional.empty()),
            new Stored<>(
                5L,
                Optional.of(
                    new RefusedChange(3, "a", RefusedChange.Reason.ZERO_NORM, "is zero"))))) {
      DataOutputSerializer out = new DataOutputSerializer(64);
      serializer.serialize(answer, out);
      assertThat(serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer())))
          .isEqualTo(answer);
    }
  }
}
