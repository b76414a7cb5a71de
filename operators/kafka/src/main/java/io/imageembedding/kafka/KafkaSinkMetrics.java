// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.annotation.PublicEvolving;

/** Metrics of the sinks, in the group {@value #GROUP} of each subtask of their committers. */
@PublicEvolving
public final class KafkaSinkMetrics {

  /** Group that all the others are in. */
  public static final String GROUP = "kafkaSink";

  /**
   * Counter: transactions that a checkpoint counts as written and the brokers have aborted, or of
   * which that cannot be ruled out; their messages are lost.
   */
  public static final String TRANSACTIONS_LOST = "transactionsLost";

  private KafkaSinkMetrics() {}
}
