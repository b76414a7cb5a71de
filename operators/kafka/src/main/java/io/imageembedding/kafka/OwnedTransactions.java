// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.NoRestartException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.internal.CheckpointTransaction;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which transactional ids the states of one subtask say are its own. */
final class OwnedTransactions {
  private static final Logger LOG = LoggerFactory.getLogger(OwnedTransactions.class);

  /** As Flink's sink writers name their states. */
  private static final String STATES = "writer_raw_states";

  /** What the connector puts after a prefix. */
  private static final Pattern NUMBERS = Pattern.compile("-(\\d{1,9})-\\d+");

  private OwnedTransactions() {}

  /**
   * Refuses states that two subtasks would take for their own. The connector hands a subtask
   * without a state the ids of its own index, as if states always lay at the first subtasks; but
   * where some subtasks had finished, another has the state of that index.
   *
   * @throws NoRestartException saying which parallelism is possible
   */
  static void requireUnshared(TaskInfo task, Collection<KafkaWriterState> recovered) {
    for (KafkaWriterState state : recovered) {
      int before = state.getTotalNumberOfOwnedSubtasks();
      if (before != KafkaWriterState.UNKNOWN
          && task.getNumberOfParallelSubtasks() > before
          && state.getOwnedSubtaskId() != task.getIndexOfThisSubtask()) {
        throw new NoRestartException(shared(task.getNumberOfParallelSubtasks(), before));
      }
    }
  }

  /**
   * Refuses the same before a job is started, where the state can be read here: whatever subtask
   * gets which of them, one has the ids of another. A task finds out itself what is not refused.
   *
   * @param path that Flink restores from
   * @param uid of the sink
   * @throws KafkaSetupException saying which parallelism is possible
   */
  static void requireUnshared(
      String path,
      String uid,
      int parallelism,
      SimpleVersionedSerializer<KafkaWriterState> states) {
    List<KafkaWriterState> found = states(path, uid, states);
    Set<Integer> owned = new HashSet<>();
    int before = KafkaWriterState.UNKNOWN;
    for (KafkaWriterState state : found) {
      owned.add(state.getOwnedSubtaskId());
      before = Math.max(before, state.getTotalNumberOfOwnedSubtasks());
    }
    boolean atTheFirst = IntStream.range(0, owned.size()).allMatch(owned::contains);
    if (before != KafkaWriterState.UNKNOWN && parallelism > before && !atTheFirst) {
      throw new KafkaSetupException(path + " cannot be restored: " + shared(parallelism, before));
    }
  }

  /** What the transactional ids of a state begin with; none where it cannot be read here. */
  static Set<String> prefixes(
      String path, String uid, SimpleVersionedSerializer<KafkaWriterState> states) {
    return states(path, uid, states).stream()
        .map(KafkaWriterState::getTransactionalIdPrefix)
        .collect(Collectors.toSet());
  }

  private static List<KafkaWriterState> states(
      String path, String uid, SimpleVersionedSerializer<KafkaWriterState> states) {
    return RestoredState.list(path, uid, STATES, states).orElse(List.of());
  }

  private static String shared(int parallelism, int before) {
    return "some subtasks had finished when this state was taken, so that parallelism "
        + parallelism
        + " would have two subtasks with the same transactional ids; allowed: restore with"
        + " parallelism 1 to "
        + before;
  }

  /** The same states with the prefix that the sink has now. */
  static List<KafkaWriterState> under(String prefix, Collection<KafkaWriterState> recovered) {
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

  /**
   * Aborts what an earlier run of this subtask left open, under the prefix that the sink has now
   * and those of the states; not what is to be committed. It goes by whole ids. The connector would
   * go by their beginnings, take those of other jobs for its own, and fail on one that does not end
   * like its own.
   *
   * @return how many
   * @throws IOException if brokers do not answer or refuse
   */
  static int abortLeft(
      String prefix, Admin admin, TaskInfo task, Collection<KafkaWriterState> recovered)
      throws IOException, InterruptedException {
    Set<String> prefixes = new HashSet<>(Set.of(prefix));
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
    if (owned.isEmpty()) {
      owned.add(task.getIndexOfThisSubtask());
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
      return left.size();
    } catch (ExecutionException e) {
      throw new IOException(
          "transactions that an earlier run left open cannot be aborted: "
              + e.getCause().getMessage(),
          e.getCause());
    }
  }

  /** The number after one of the prefixes in an id of the connector's, or -1. */
  static int subtaskOf(String id, Collection<String> prefixes) {
    for (String prefix : prefixes) {
      Matcher matcher = NUMBERS.matcher(id);
      if (id.startsWith(prefix) && matcher.region(prefix.length(), id.length()).matches()) {
        return Integer.parseInt(matcher.group(1));
      }
    }
    return -1;
  }
}
