// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import static org.apache.flink.util.Preconditions.checkNotNull;

import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;

/**
 * Turns a stream of elements into one of micro-batches and back. Both ways keep order and
 * timestamps; batches hold no state, and are closed before checkpoint barriers, before watermarks
 * that an element would be late for, and at the end of input. Back-pressure is Flink's own.
 */
@PublicEvolving
public final class MicroBatches {
  private MicroBatches() {}

  /** Gathers the elements of each subtask into batches. */
  public static <T> SingleOutputStreamOperator<MicroBatch<T>> batch(
      DataStream<T> stream, BatchPolicy policy, ElementSize<T> size) {
    checkNotNull(policy, "policy");
    checkNotNull(size, "size");
    TypeInformation<T> type = stream.getType();
    return stream.transform(
        "micro-batch",
        MicroBatch.typeInformation(type),
        new MicroBatcher<>(
            policy,
            size,
            type.createSerializer(stream.getExecutionConfig().getSerializerConfig())));
  }

  /** Gives the elements of each batch back, one by one. */
  public static <T> SingleOutputStreamOperator<T> unbatch(
      DataStream<MicroBatch<T>> batches, TypeInformation<T> type) {
    return batches.transform("unbatch", type, new Unbatcher<>());
  }
}
