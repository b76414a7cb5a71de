// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;

/**
 * Counts for each subtask of a sink the transactions that it aborted in this process. A task aborts
 * when it ends, which is when its metrics go; so the next attempt goes on counting from there.
 */
final class AbortedTransactions {
  private static final Map<String, Counter> BY_SUBTASK = new ConcurrentHashMap<>();

  private AbortedTransactions() {}

  static Counter of(SinkSettings settings, TaskInfo task) {
    return BY_SUBTASK.computeIfAbsent(
        settings.transactionalIdPrefix() + task.getIndexOfThisSubtask(),
        subtask -> new ThreadSafeSimpleCounter());
  }
}
