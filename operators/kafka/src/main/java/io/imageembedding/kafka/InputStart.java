// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.NoRestartException;
import io.imageembedding.kafka.KafkaOptions.LostMessages;
import io.imageembedding.kafka.KafkaOptions.Start;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumerator.PartitionOffsetsRetrieverImpl;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer.PartitionOffsetsRetriever;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.common.TopicPartition;

/**
 * Where a job begins to read. Messages are counted by their offsets, so the ends of transactions
 * count, too.
 *
 * @param restored whether a checkpoint or savepoint says it
 * @param from the same in words
 * @param offsets of the first message of each partition
 * @param ahead messages from there to the end
 * @param all messages that the topic has
 * @param repeated messages from there to what the consumer group has committed
 */
record InputStart(
    InputSettings settings,
    boolean restored,
    String from,
    Map<TopicPartition, Long> offsets,
    long ahead,
    long all,
    long repeated) {

  /**
   * Of a job that restores nothing.
   *
   * @throws NoRestartException if the group has committed offsets that the topic does not have, and
   *     the settings do not say to skip
   */
  static InputStart of(
      InputSettings settings,
      Collection<TopicPartition> partitions,
      PartitionOffsetsRetriever brokers) {
    Map<TopicPartition, Long> committed =
        settings.start() == Start.COMMITTED ? brokers.committedOffsets(partitions) : Map.of();
    String group = "consumer group '" + settings.group() + "'";
    return switch (settings.start()) {
      case EARLIEST ->
          of(settings, false, "the beginning", partitions, Map.of(), Map.of(), brokers);
      case LATEST ->
          of(
              settings,
              false,
              "the end",
              partitions,
              brokers.endOffsets(partitions),
              Map.of(),
              brokers);
      case COMMITTED ->
          of(
              settings,
              false,
              committed.isEmpty()
                  ? "the beginning, because " + group + " has committed nothing"
                  : "where " + group + " committed last",
              partitions,
              committed,
              Map.of(),
              brokers);
    };
  }

  /** Those that have no offset are read from their beginning. */
  private static InputStart of(
      InputSettings settings,
      boolean restored,
      String from,
      Collection<TopicPartition> partitions,
      Map<TopicPartition, Long> given,
      Map<TopicPartition, Long> committed,
      PartitionOffsetsRetriever brokers) {
    Map<TopicPartition, Long> first = brokers.beginningOffsets(partitions);
    Map<TopicPartition, Long> end = brokers.endOffsets(partitions);
    LostOffsets lost = new LostOffsets().of(given, first, end);
    if (settings.lost() == LostMessages.FAIL && !lost.isEmpty()) {
      throw lost.failure();
    }
    Map<TopicPartition, Long> offsets = new HashMap<>(first);
    given.forEach(
        (partition, offset) -> {
          // The reader finds out itself, and counts, what is gone below the first offset.
          if (offset <= end.get(partition)) {
            offsets.put(partition, offset);
          }
        });
    long ahead = 0;
    long all = 0;
    long repeated = 0;
    for (Map.Entry<TopicPartition, Long> at : offsets.entrySet()) {
      long begin = Math.max(at.getValue(), first.get(at.getKey()));
      ahead += end.get(at.getKey()) - begin;
      all += end.get(at.getKey()) - first.get(at.getKey());
      repeated += Math.max(0, committed.getOrDefault(at.getKey(), 0L) - begin);
    }
    return new InputStart(settings, restored, from, offsets, ahead, all, repeated);
  }

  /**
   * The same of any job in one line for people, asked from where it is submitted.
   *
   * @param config says what the job restores, if it does
   * @param uid of the source
   * @throws KafkaSetupException if the brokers do not answer, the state is of another topic, or
   *     messages are gone that the job would begin with, and the settings do not say to skip
   */
  static String describe(InputSettings settings, ReadableConfig config, String uid) {
    Optional<String> path = config.getOptional(StateRecoveryOptions.SAVEPOINT_PATH);
    if (path.isEmpty()) {
      return ask(settings, null).describe();
    }
    return RestoredInput.offsets(path.get(), uid, settings.topic())
        .map(offsets -> ask(settings, offsets).describe())
        .orElse("topic '" + settings.topic() + "' is read from where the restored state ends");
  }

  /**
   * Asks the brokers.
   *
   * @param restored offsets of the state that the job restores; null if it restores none
   */
  private static InputStart ask(InputSettings settings, Map<TopicPartition, Long> restored) {
    Properties client = settings.client();
    try (AdminClient admin = BrokerPatience.connect(client).admin()) {
      Set<TopicPartition> partitions =
          new InputPartitions(settings).getSubscribedTopicPartitions(admin);
      PartitionOffsetsRetriever brokers =
          new PartitionOffsetsRetrieverImpl(admin, settings.group());
      return restored == null
          ? of(settings, partitions, brokers)
          : restored(settings, restored, partitions, brokers);
    } catch (NoRestartException e) {
      throw new KafkaSetupException(e.getMessage(), e);
    } catch (FlinkRuntimeException e) {
      throw new KafkaSetupException(
          "Kafka does not say where topic '"
              + settings.topic()
              + "' begins, ends, and was read to by consumer group '"
              + settings.group()
              + "': "
              + e.getCause().getMessage(),
          e);
    }
  }

  private static InputStart restored(
      InputSettings settings,
      Map<TopicPartition, Long> restored,
      Set<TopicPartition> partitions,
      PartitionOffsetsRetriever brokers) {
    Map<TopicPartition, Long> offsets = new HashMap<>(restored);
    offsets.keySet().retainAll(partitions);
    Set<TopicPartition> goneOn = Set.copyOf(offsets.keySet());
    // State of a partition that nothing was read of may have no number.
    offsets.values().removeIf(offset -> offset < 0);
    return of(
        settings,
        true,
        "where the restored state ends",
        goneOn,
        offsets,
        brokers.committedOffsets(goneOn),
        brokers);
  }

  String describe() {
    return "topic '"
        + settings.topic()
        + "' is read from "
        + from
        + ": "
        + ahead
        + " of its "
        + all
        + " messages are ahead"
        + (ahead == 0 ? nothing() : "")
        + (repeated == 0
            ? ""
            : "; "
                + repeated
                + " messages will be answered again, because consumer group '"
                + settings.group()
                + "' has committed more than the state has");
  }

  private String nothing() {
    String anew =
        restored || settings.start() == Start.EARLIEST || all == 0
            ? ""
            : "; " + KafkaOptions.INPUT_START.key() + "=earliest reads all of them";
    return (settings.bounded() ? ", so there is nothing to do" : ", so the job waits for new ones")
        + anew;
  }

  /** Partitions and offsets, for the log. */
  List<String> details() {
    return offsets.entrySet().stream()
        .map(at -> at.getKey().partition() + ": " + at.getValue())
        .sorted()
        .toList();
  }
}
