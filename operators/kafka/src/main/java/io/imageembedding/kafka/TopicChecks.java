// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.embed.InvalidOptionException;
import java.time.Duration;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ReadableConfig;

/** Sees with the brokers that topics and transactions are as one job needs them. */
final class TopicChecks implements AutoCloseable {
  private final TopicAdmin admin;
  private final String inputTopic;
  private final String outputTopic;
  private final String deadLetterTopic;
  private final Duration transactionTimeout;
  private final ReadableConfig config;

  /**
   * @param outputTopic null if embeddings are not sent
   * @param transactionTimeout null if nothing is sent in transactions
   */
  TopicChecks(
      Properties client,
      String inputTopic,
      String outputTopic,
      String deadLetterTopic,
      Duration transactionTimeout,
      ReadableConfig config) {
    admin = new TopicAdmin(client);
    this.inputTopic = inputTopic;
    this.outputTopic = outputTopic;
    this.deadLetterTopic = deadLetterTopic;
    this.transactionTimeout = transactionTimeout;
    this.config = config;
  }

  /** Everything that needs no model. */
  void all() {
    Stream.of(inputTopic, outputTopic, deadLetterTopic)
        .filter(Objects::nonNull)
        .forEach(admin::requireTopic);
    TopicSettings deadLetters = admin.settings(deadLetterTopic);
    deadLetters.requireKeepsDeadLetters(deadLetterTopic);
    MessageSizes.report(
        inputTopic,
        admin.settings(inputTopic).maxMessageBytes(),
        deadLetterTopic,
        deadLetters.maxMessageBytes());
    if (transactionTimeout != null) {
      checkTransactionTimeout(admin.maxTransactionTimeout());
    }
  }

  /** Whether the output topic, if there is one, takes messages of that many bytes. */
  void takesEmbeddings(int needed, int dimension) {
    if (outputTopic != null) {
      admin.settings(outputTopic).requireRoomForEmbeddings(outputTopic, needed, dimension);
    }
  }

  private void checkTransactionTimeout(Duration most) {
    Duration interval =
        config.getOptional(CheckpointingOptions.CHECKPOINTING_INTERVAL).orElse(Duration.ZERO);
    if (interval.isZero()) {
      throw new InvalidOptionException(
          CheckpointingOptions.CHECKPOINTING_INTERVAL.key()
              + " is not set; needed: exactly-once delivery writes with each checkpoint");
    }
    if (transactionTimeout.compareTo(most) > 0 || transactionTimeout.compareTo(interval) <= 0) {
      throw new InvalidOptionException(
          KafkaOptions.TRANSACTION_TIMEOUT.key(),
          transactionTimeout.toMillis() + " ms",
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
