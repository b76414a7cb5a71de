// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import io.imageembedding.batch.MicroBatch.FlushReason;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.SerializerTestBase;
import org.apache.flink.api.common.typeutils.TypeSerializer;

class MicroBatchSerializerTest extends SerializerTestBase<MicroBatch<String>> {

  @Override
  protected TypeSerializer<MicroBatch<String>> createSerializer() {
    return MicroBatch.typeInformation(Types.STRING).createSerializer(new SerializerConfigImpl());
  }

  @Override
  protected int getLength() {
    return -1;
  }

  @Override
  @SuppressWarnings("unchecked")
  protected Class<MicroBatch<String>> getTypeClass() {
    return (Class<MicroBatch<String>>) (Class<?>) MicroBatch.class;
  }

  @Override
  @SuppressWarnings("unchecked")
  protected MicroBatch<String>[] getTestData() {
    return (MicroBatch<String>[])
        new MicroBatch<?>[] {
          new MicroBatch<>(List.of("a"), new long[] {5}, FlushReason.AGE),
          new MicroBatch<>(
              List.of("a", "", "c"), new long[] {5, MicroBatch.NO_TIMESTAMP, -1}, FlushReason.IDLE)
        };
  }

  @Override
  protected boolean allowNullInstances(TypeSerializer<MicroBatch<String>> serializer) {
    return true;
  }
}
