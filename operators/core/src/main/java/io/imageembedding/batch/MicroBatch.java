// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import io.imageembedding.types.RecordTypeInformation;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * Elements that travel together, in the order in which they came, each with its own timestamp; at
 * least one. Immutable apart from the elements themselves.
 *
 * @param <T> the element
 */
@PublicEvolving
public final class MicroBatch<T> {

  /** Timestamp of an element that has none. */
  public static final long NO_TIMESTAMP = Long.MIN_VALUE;

  /** Why a batch was closed. */
  public enum FlushReason {
    /** It had as many elements as allowed. */
    COUNT,
    /** It had as many bytes as allowed. */
    BYTES,
    /** Its first element had waited long enough. */
    AGE,
    /** A checkpoint barrier came: elements before it must not be left behind it. */
    CHECKPOINT,
    /** A watermark came that an element would have been late for. */
    WATERMARK,
    /** The input became idle. */
    IDLE,
    /** The input ended. */
    END_OF_INPUT,
    /** The latency budget left no time for more elements, or none was at hand. */
    LATENCY
  }

  private final List<T> elements;
  private final long[] timestamps;
  private final FlushReason flushReason;

  /**
   * @param elements at least one
   * @param timestamps of each element, {@link #NO_TIMESTAMP} where it has none
   * @param flushReason why the batch was closed
   */
  public MicroBatch(List<T> elements, long[] timestamps, FlushReason flushReason) {
    if (elements.isEmpty() || elements.size() != timestamps.length) {
      throw new IllegalArgumentException(
          elements.size() + " elements with " + timestamps.length + " timestamps");
    }
    this.elements = List.copyOf(elements);
    this.timestamps = timestamps.clone();
    this.flushReason = flushReason;
  }

  /** The elements, unmodifiable. */
  public List<T> elements() {
    return elements;
  }

  public int size() {
    return elements.size();
  }

  /** Timestamp of one element in milliseconds, {@link #NO_TIMESTAMP} where it has none. */
  public long timestamp(int index) {
    return timestamps[index];
  }

  public FlushReason flushReason() {
    return flushReason;
  }

  /** Other elements in the places of these, with their timestamps: as many, in the same order. */
  public <R> MicroBatch<R> withElements(List<R> others) {
    return new MicroBatch<>(others, timestamps, flushReason);
  }

  /** Type information of batches of such elements. */
  public static <T> TypeInformation<MicroBatch<T>> typeInformation(TypeInformation<T> element) {
    return new RecordTypeInformation<>(MicroBatch.class, MicroBatchSerializer::ofNested, element);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MicroBatch<?> that
        && that.elements.equals(elements)
        && Arrays.equals(that.timestamps, timestamps)
        && that.flushReason == flushReason;
  }

  @Override
  public int hashCode() {
    return 31 * elements.hashCode() + Arrays.hashCode(timestamps);
  }

  @Override
  public String toString() {
    return "MicroBatch(" + flushReason + ", " + elements + ")";
  }
}
