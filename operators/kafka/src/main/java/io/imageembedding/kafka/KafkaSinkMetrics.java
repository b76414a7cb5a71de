// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import org.apache.flink.annotation.PublicEvolving;

/** Metrics of the sinks, in the group {@value #GROUP} of each subtask. */
@PublicEvolving
public final class KafkaSinkMetrics {

  /** Group that all the others are in. */
  public static final String GROUP = "kafkaSink";

  /**
   * Counter, of writers: transactions that the job itself aborted, because a task ended before the
   * checkpoint that would have committed them, or because an earlier run had left them open. Their
   * messages are answered again. Attempts of a subtask in one process go on counting.
   */
  public static final String TRANSACTIONS_ABORTED = "transactionsAborted";

  /**
   * Counter, of committers: transactions that a checkpoint counts as written and the brokers have
   * aborted, or of which that cannot be ruled out; their messages are lost.
   */
  public static final String TRANSACTIONS_LOST = "transactionsLost";

  private KafkaSinkMetrics() {}
}
