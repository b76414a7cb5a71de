// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether another job is writing now with transactional ids that are those of this one, or of
 * the state that it restores. Open transactions alone do not say so: a job that was killed leaves
 * its own behind, and must be able to start again. So they are watched for a while: those of a job
 * that lives grow, or are committed with its next checkpoint. A job that has nothing to write is
 * not seen; it is told when it is fenced.
 */
final class SameName {
  private static final Logger LOG = LoggerFactory.getLogger(SameName.class);

  /** How a job gets other transactional ids. */
  static final String OTHER_IDS =
      "another " + PipelineOptions.NAME.key() + " or " + KafkaOptions.TRANSACTIONAL_ID_PREFIX.key();

  private static final Duration LONGEST = Duration.ofSeconds(12);
  private static final long EVERY_MILLIS = 250;

  private final Admin admin;
  private final List<String> prefixes;
  private final Collection<String> topics;

  private SameName(Admin admin, List<String> prefixes, Collection<String> topics) {
    this.admin = admin;
    this.prefixes = prefixes;
    this.topics = topics;
  }

  /**
   * Returns at once where no transaction with such an id is open, else after at most some 12
   * seconds.
   *
   * @param idPrefix what the transactional ids of the job begin with
   * @param earlier prefixes of the state that the job goes on from
   * @param topics that the job writes to
   * @param interval between checkpoints
   * @throws KafkaSetupException if another job is seen to write with them
   */
  static void refuse(
      Properties clients,
      String idPrefix,
      Collection<String> earlier,
      Collection<String> topics,
      Duration interval) {
    List<String> own = SinkSettings.transactionalIdPrefixes(idPrefix);
    List<String> all = Stream.concat(own.stream(), earlier.stream()).distinct().toList();
    try (Admin admin = BrokerPatience.connect(clients).admin()) {
      String id = new SameName(admin, all, topics).movingWithin(interval);
      if (id != null && OwnedTransactions.subtaskOf(id, own) < 0) {
        throw new KafkaSetupException(
            "the job whose state is to be restored is writing now, with transaction '"
                + id
                + "'; needed: that job stopped, or a start without its state");
      }
      if (id != null) {
        throw new KafkaSetupException(
            "a job with transactional ids '"
                + idPrefix
                + SinkSettings.TERMINATOR
                + "' is writing now, with transaction '"
                + id
                + "'; needed: that job stopped, or "
                + OTHER_IDS);
      }
    } catch (ExecutionException e) {
      LOG.warn(
          "Whether another job writes with transactional ids of {} cannot be seen: {}",
          all,
          e.getCause().getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaSetupException("interrupted while asking Kafka", e);
    }
  }

  /** The id of a transaction that someone writes to or commits, or null. */
  private String movingWithin(Duration interval) throws ExecutionException, InterruptedException {
    Map<String, TransactionDescription> open = open();
    if (open.isEmpty()) {
      return null;
    }
    Map<Long, String> written = written(open.values());
    long youngest =
        open.values().stream()
            .mapToLong(each -> each.transactionStartTimeMs().orElse(0))
            .max()
            .orElseThrow();
    Duration age = Duration.ofMillis(Math.max(0, System.currentTimeMillis() - youngest));
    Duration watched = min(LONGEST, interval.plusSeconds(1)).minus(age);
    long deadline = System.nanoTime() + Math.max(watched.toNanos(), TimeUnit.SECONDS.toNanos(1));
    LOG.info("Watching open transactions of an earlier or another run: {}", open.keySet());
    while (System.nanoTime() - deadline < 0) {
      TimeUnit.MILLISECONDS.sleep(EVERY_MILLIS);
      for (Map.Entry<String, TransactionDescription> each : open.entrySet()) {
        if (hasMoved(each.getKey(), each.getValue())) {
          return each.getKey();
        }
      }
      Map<Long, String> later = written(open.values());
      for (Map.Entry<String, TransactionDescription> each : open.entrySet()) {
        long producer = each.getValue().producerId();
        if (later.containsKey(producer) && !later.get(producer).equals(written.get(producer))) {
          return each.getKey();
        }
      }
    }
    return null;
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private Map<String, TransactionDescription> open()
      throws ExecutionException, InterruptedException {
    ListTransactionsOptions ongoing =
        new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING));
    List<String> ids =
        admin.listTransactions(ongoing).all().get().stream()
            .map(TransactionListing::transactionalId)
            .filter(id -> OwnedTransactions.subtaskOf(id, prefixes) >= 0)
            .toList();
    return ids.isEmpty() ? Map.of() : admin.describeTransactions(ids).all().get();
  }

  /** Whether it was committed, or its id was taken into use again; not, if it timed out. */
  private boolean hasMoved(String id, TransactionDescription before)
      throws ExecutionException, InterruptedException {
    try {
      TransactionDescription now = admin.describeTransactions(List.of(id)).description(id).get();
      return switch (now.state()) {
        case PREPARE_COMMIT, COMPLETE_COMMIT -> true;
        case ONGOING, EMPTY ->
            now.producerEpoch() != before.producerEpoch()
                || now.producerId() != before.producerId();
        default -> false;
      };
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TransactionalIdNotFoundException) {
        return false;
      }
      throw e;
    }
  }

  /** What each of their producers wrote last, by producer id. */
  private Map<Long, String> written(Collection<TransactionDescription> open)
      throws ExecutionException, InterruptedException {
    Set<Long> producers =
        open.stream().map(TransactionDescription::producerId).collect(Collectors.toSet());
    List<TopicPartition> partitions = new ArrayList<>();
    for (TopicDescription topic : admin.describeTopics(topics).allTopicNames().get().values()) {
      topic
          .partitions()
          .forEach(each -> partitions.add(new TopicPartition(topic.name(), each.partition())));
    }
    Map<Long, String> last = new HashMap<>();
    admin
        .describeProducers(partitions)
        .all()
        .get()
        .forEach(
            (partition, state) -> {
              for (ProducerState producer : state.activeProducers()) {
                if (producers.contains(producer.producerId())) {
                  last.merge(
                      producer.producerId(),
                      partition + ":" + producer.lastSequence() + "@" + producer.producerEpoch(),
                      (a, b) -> a.compareTo(b) < 0 ? a + " " + b : b + " " + a);
                }
              }
            });
    return last;
  }
}
