// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.Options;
import io.imageembedding.kafka.KafkaOptions.LostTransactions;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.core.execution.CheckpointingMode;

/**
 * How the output topics of one job are written, whichever they are.
 *
 * @param idPrefix what the transactional ids of the job begin with
 * @param guarantee of delivery
 * @param transactionTimeout after which a broker aborts an open transaction
 * @param lost what is done about transactions that a broker has aborted
 * @param clients properties of every client of the job
 * @param atOnce whether messages are sent without waiting for more
 * @param restored path of the state that the job goes on from
 * @param interval between checkpoints, 0 where none are made
 */
record OutputSettings(
    String idPrefix,
    DeliveryGuarantee guarantee,
    Duration transactionTimeout,
    LostTransactions lost,
    Properties clients,
    boolean atOnce,
    Optional<String> restored,
    Duration interval) {

  /**
   * @param name of the job
   * @param clients properties of every client, as {@link KafkaClientProperties} has them
   * @throws InvalidOptionException naming key, value and what is allowed
   */
  static OutputSettings of(ReadableConfig config, String name, Properties clients) {
    DeliveryGuarantee guarantee =
        Options.get(
            config,
            KafkaOptions.DELIVERY_GUARANTEE,
            value -> value != DeliveryGuarantee.NONE,
            "exactly-once or at-least-once");
    if (guarantee == DeliveryGuarantee.EXACTLY_ONCE) {
      Options.get(
          config,
          CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE,
          mode -> mode == CheckpointingMode.EXACTLY_ONCE,
          "EXACTLY_ONCE, as " + KafkaOptions.DELIVERY_GUARANTEE.key() + " is exactly-once");
    }
    String chosen =
        Options.optional(
            config,
            KafkaOptions.TRANSACTIONAL_ID_PREFIX,
            SinkSettings::isIdPrefix,
            SinkSettings.ID_PREFIXES);
    return new OutputSettings(
        chosen == null ? name : chosen,
        guarantee,
        Options.get(
            config,
            KafkaOptions.TRANSACTION_TIMEOUT,
            value -> value.toMillis() >= 1000 && value.toMillis() <= Integer.MAX_VALUE,
            "a duration from 1 s"),
        Options.get(config, KafkaOptions.LOST_TRANSACTIONS, value -> true, "fail or continue"),
        clients,
        config.getOptional(EmbedOptions.BATCH_LATENCY_BUDGET).isPresent(),
        config.getOptional(StateRecoveryOptions.SAVEPOINT_PATH),
        config.getOptional(CheckpointingOptions.CHECKPOINTING_INTERVAL).orElse(Duration.ZERO));
  }

  boolean isExactlyOnce() {
    return guarantee == DeliveryGuarantee.EXACTLY_ONCE;
  }

  /**
   * A sink that goes on from the state that is restored.
   *
   * @param use what it is for, which is its uid, too
   * @throws KafkaSetupException if it cannot with that parallelism, where that can be seen here
   */
  GuardedKafkaSink sink(String topic, String use, int parallelism) {
    GuardedKafkaSink sink = sink(topic, use);
    restored.ifPresent(path -> sink.requireRestorable(path, use, parallelism));
    return sink;
  }

  private GuardedKafkaSink sink(String topic, String use) {
    return new GuardedKafkaSink(
        new SinkSettings(
            idPrefix, use, topic, guarantee, transactionTimeout, lost, clients, atOnce));
  }

  /**
   * Refuses where another job is seen to write with the transactional ids of this one, or with
   * those of the state that is restored: as this job aborts what is open under them, only one of
   * the two could go on.
   *
   * @param topics that the job writes to
   */
  void refuseOthers(Collection<String> topics) {
    if (!isExactlyOnce()) {
      return;
    }
    Set<String> earlier = new TreeSet<>();
    restored.ifPresent(
        path -> {
          for (String use : SinkSettings.USES) {
            earlier.addAll(sink(topics.iterator().next(), use).restoredPrefixes(path, use));
          }
        });
    SameName.refuse(clients, idPrefix, earlier, topics, interval);
  }
}
