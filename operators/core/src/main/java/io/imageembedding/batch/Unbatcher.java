// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.batch;

import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Emits the elements of each batch in order, each with its own timestamp or none. */
final class Unbatcher<T> extends AbstractStreamOperator<T>
    implements OneInputStreamOperator<MicroBatch<T>, T> {
  private static final long serialVersionUID = 1L;

  @Override
  public void processElement(StreamRecord<MicroBatch<T>> record) {
    MicroBatch<T> batch = record.getValue();
    for (int i = 0; i < batch.size(); i++) {
      StreamRecord<T> element = new StreamRecord<>(batch.elements().get(i));
      if (batch.timestamp(i) != MicroBatch.NO_TIMESTAMP) {
        element.setTimestamp(batch.timestamp(i));
      }
      output.collect(element);
    }
  }
}
