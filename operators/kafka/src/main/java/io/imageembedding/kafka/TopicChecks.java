// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.kafka.SetupCheck.Finding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.flink.configuration.CheckpointingOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sees with the brokers that topics and transactions are as one job needs them. */
final class TopicChecks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TopicChecks.class);

  private final TopicAdmin admin;
  private final String inputTopic;
  private final String outputTopic;
  private final String deadLetterTopic;
  private final OutputSettings output;
  private final boolean unordered;

  /**
   * @param outputTopic null if embeddings are not sent
   * @param output how the topics are written
   * @param unordered whether embeddings are written out of order, by slots of any partition
   */
  TopicChecks(
      Properties client,
      String inputTopic,
      String outputTopic,
      String deadLetterTopic,
      OutputSettings output,
      boolean unordered) {
    admin = new TopicAdmin(client);
    this.inputTopic = inputTopic;
    this.outputTopic = outputTopic;
    this.deadLetterTopic = deadLetterTopic;
    this.output = output;
    this.unordered = unordered;
  }

  /** Everything that needs no model. */
  void all() {
    Stream.of(inputTopic, outputTopic, deadLetterTopic)
        .filter(Objects::nonNull)
        .forEach(admin::requireTopic);
    TopicSettings deadLetters = admin.settings(deadLetterTopic);
    deadLetters.requireKeepsDeadLetters(deadLetterTopic);
    if (unordered && outputTopic != null) {
      admin.settings(outputTopic).requireNoOrder(outputTopic);
    }
    MessageSizes.report(
        inputTopic,
        admin.settings(inputTopic).maxMessageBytes(),
        deadLetterTopic,
        deadLetters.maxMessageBytes());
    if (!admin.hasAppendTime(inputTopic)) {
      LOG.info(
          "Messages of topic {} have their producers' timestamps (message.timestamp.type): of two"
              + " with one id in two partitions, the later by these is the newer. With"
              + " LogAppendTime the brokers' clocks decide",
          inputTopic);
    }
    if (output.isExactlyOnce()) {
      checkTransactionTimeout(admin.maxTransactionTimeout());
    }
  }

  /**
   * The same one by one, and what is good to know besides.
   *
   * @param slots that the job runs in
   */
  static List<SetupCheck> oneByOne(Supplier<TopicChecks> checks, List<String> topics, int slots) {
    List<SetupCheck> all = new ArrayList<>();
    all.add(
        check(
            "brokers",
            "start them, or set " + KafkaOptions.BOOTSTRAP_SERVERS.key(),
            checks,
            asked -> Finding.good(asked.admin.describeBrokers())));
    for (String topic : topics) {
      all.add(
          check(
              "topic " + topic,
              "create it, or let the job do so: ./embed job --create-topics N; one that is compacted"
                  + " is for no dead letters",
              checks,
              asked -> {
                asked.admin.requireTopic(topic);
                if (topic.equals(asked.deadLetterTopic)) {
                  asked.admin.settings(topic).requireKeepsDeadLetters(topic);
                } else if (asked.unordered && topic.equals(asked.outputTopic)) {
                  asked.admin.settings(topic).requireNoOrder(topic);
                }
                return Finding.good(asked.admin.describe(topic));
              }));
    }
    all.add(
        check(
            "message sizes",
            "set max.message.bytes of the dead letters as high as that of the images, to keep the"
                + " originals of large ones",
            checks,
            TopicChecks::messageSizes));
    all.add(
        check(
            "partitions",
            "add partitions to "
                + topics.get(0)
                + ", lower parallelism.default, or set "
                + EmbedOptions.UNORDERED.key()
                + ": true",
            checks,
            asked -> asked.partitions(slots)));
    all.add(
        check(
            "transactions",
            "set " + KafkaOptions.TRANSACTION_TIMEOUT.key() + " as it says",
            checks,
            TopicChecks::transactions));
    return all;
  }

  private static SetupCheck check(
      String name,
      String advice,
      Supplier<TopicChecks> checks,
      Function<TopicChecks, Finding> question) {
    return new SetupCheck(
        name,
        advice,
        () -> {
          try (TopicChecks asked = checks.get()) {
            return question.apply(asked);
          }
        });
  }

  private Finding messageSizes() {
    int images = admin.settings(inputTopic).maxMessageBytes();
    int deadLetters = admin.settings(deadLetterTopic).maxMessageBytes();
    String text = "images up to " + images + " bytes, dead letters up to " + deadLetters;
    return new Finding(deadLetters >= images, text);
  }

  private Finding partitions(int slots) {
    int partitions = admin.partitions(inputTopic);
    String text = partitions + " of " + inputTopic + " for " + slots + " slots";
    boolean enough = unordered || partitions >= slots;
    return new Finding(enough, text + (enough ? "" : ": some have nothing to do"));
  }

  private Finding transactions() {
    if (!output.isExactlyOnce()) {
      return Finding.good("none, as delivery is at-least-once");
    }
    Duration most = admin.maxTransactionTimeout();
    checkTransactionTimeout(most);
    return Finding.good(
        "open for up to "
            + output.transactionTimeout().toSeconds()
            + " s of the "
            + most.toSeconds()
            + " s that brokers allow, checkpoints every "
            + output.interval().toMillis()
            + " ms, ids begin with "
            + output.idPrefix()
            + SinkSettings.TERMINATOR);
  }

  /** Whether the output topic, if there is one, takes messages of that many bytes. */
  void takesEmbeddings(int needed, int dimension) {
    if (outputTopic != null) {
      admin.settings(outputTopic).requireRoomForEmbeddings(outputTopic, needed, dimension);
    }
  }

  private void checkTransactionTimeout(Duration most) {
    Duration timeout = output.transactionTimeout();
    Duration interval = output.interval();
    if (interval.isZero()) {
      throw new InvalidOptionException(
          CheckpointingOptions.CHECKPOINTING_INTERVAL.key()
              + " is not set; needed: exactly-once delivery writes with each checkpoint");
    }
    if (timeout.compareTo(most) > 0 || timeout.compareTo(interval) <= 0) {
      throw new InvalidOptionException(
          KafkaOptions.TRANSACTION_TIMEOUT.key(),
          timeout.toMillis() + " ms",
          "longer than the checkpoint interval ("
              + interval.toMillis()
              + " ms), at most the brokers' transaction.max.timeout.ms ("
              + most.toMillis()
              + " ms)");
    }
  }

  @Override
  public void close() {
    admin.close();
  }
}
