// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.internal.CheckpointTransaction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which transactional ids the states of one subtask say are its own. */
final class OwnedTransactions {
  private static final Logger LOG = LoggerFactory.getLogger(OwnedTransactions.class);

  private OwnedTransactions() {}

  /**
   * Refuses states that two subtasks would take for their own. The connector hands a subtask
   * without a state the ids of its own index, as if states always lay at the first subtasks; but
   * where some subtasks had finished, another has the state of that index.
   *
   * @throws FatalSinkException saying which parallelism is possible
   */
  static void requireUnshared(TaskInfo task, Collection<KafkaWriterState> recovered)
      throws FatalSinkException {
    for (KafkaWriterState state : recovered) {
      int before = state.getTotalNumberOfOwnedSubtasks();
      if (before != KafkaWriterState.UNKNOWN
          && task.getNumberOfParallelSubtasks() > before
          && state.getOwnedSubtaskId() != task.getIndexOfThisSubtask()) {
        throw new FatalSinkException(
            "some subtasks had finished when this state was taken, so that parallelism "
                + task.getNumberOfParallelSubtasks()
                + " would have two subtasks with the same transactional ids; allowed: restore with"
                + " parallelism 1 to "
                + before);
      }
    }
  }

  /**
   * The same states with the prefix that the sink has now. What is left open with another prefix is
   * aborted here, by whole ids; the connector would go by their beginnings, and take those of other
   * jobs for its own.
   */
  static List<KafkaWriterState> under(
      String prefix, Admin admin, TaskInfo task, Collection<KafkaWriterState> recovered)
      throws IOException, InterruptedException {
    abortOthers(prefix, admin, task, recovered);
    return recovered.stream()
        .map(
            state ->
                new KafkaWriterState(
                    prefix,
                    state.getOwnedSubtaskId(),
                    state.getTotalNumberOfOwnedSubtasks(),
                    state.getTransactionOwnership(),
                    state.getPrecommittedTransactionalIds()))
        .toList();
  }

  private static void abortOthers(
      String prefix, Admin admin, TaskInfo task, Collection<KafkaWriterState> recovered)
      throws IOException, InterruptedException {
    Set<String> prefixes = new HashSet<>();
    Set<String> kept = new HashSet<>();
    Set<Integer> owned = new HashSet<>();
    int total = task.getNumberOfParallelSubtasks();
    for (KafkaWriterState state : recovered) {
      prefixes.add(state.getTransactionalIdPrefix());
      owned.add(state.getOwnedSubtaskId());
      total = Math.max(total, state.getTotalNumberOfOwnedSubtasks());
      state.getPrecommittedTransactionalIds().stream()
          .map(CheckpointTransaction::getTransactionalId)
          .forEach(kept::add);
    }
    prefixes.remove(prefix);
    if (prefixes.isEmpty()) {
      return;
    }
    try {
      List<String> left = new ArrayList<>();
      ListTransactionsOptions open =
          new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING));
      for (TransactionListing listing : admin.listTransactions(open).all().get()) {
        String id = listing.transactionalId();
        int subtask = subtaskOf(id, prefixes);
        if (subtask >= 0 && owned.contains(subtask % total) && !kept.contains(id)) {
          left.add(id);
        }
      }
      if (!left.isEmpty()) {
        LOG.info("Aborting what an earlier run left open: {}", left);
        admin.fenceProducers(left).all().get();
      }
    } catch (ExecutionException e) {
      throw new IOException(
          "transactions that an earlier run left open cannot be aborted: "
              + e.getCause().getMessage(),
          e.getCause());
    }
  }

  /** The number after one of the prefixes in an id of the connector's, or -1. */
  private static int subtaskOf(String id, Set<String> prefixes) {
    for (String prefix : prefixes) {
      Matcher matcher = Pattern.compile(Pattern.quote(prefix) + "-(\\d{1,9})-\\d+").matcher(id);
      if (matcher.matches()) {
        return Integer.parseInt(matcher.group(1));
      }
    }
    return -1;
  }
}
