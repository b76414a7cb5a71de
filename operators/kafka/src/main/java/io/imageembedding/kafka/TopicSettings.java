// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.EmbedOptions;
import java.io.Serializable;
import java.util.Properties;

/**
 * What a topic takes.
 *
 * @param maxMessageBytes largest message, in bytes ({@code max.message.bytes})
 * @param compacted whether it keeps the last message of each key, and takes none without one
 *     ({@code cleanup.policy})
 */
record TopicSettings(int maxMessageBytes, boolean compacted) {

  /** Finds out what topics take; asked whenever a task starts. */
  @FunctionalInterface
  interface Lookup extends Serializable {

    TopicSettings of(String topic);

    /** What the brokers say. */
    static Lookup atBrokers(Properties clientProperties) {
      return topic -> {
        try (TopicAdmin admin = new TopicAdmin(clientProperties)) {
          return admin.settings(topic);
        }
      };
    }
  }

  /**
   * @param topic of the embeddings
   * @param needed about how many bytes an embedding takes
   * @throws KafkaSetupException if the topic takes none of that dimension
   */
  void requireRoomForEmbeddings(String topic, int needed, int dimension) {
    if (maxMessageBytes < needed) {
      throw new KafkaSetupException(
          "topic '"
              + topic
              + "' takes messages up to "
              + maxMessageBytes
              + " bytes (max.message.bytes), but an embedding of "
              + dimension
              + " features needs about "
              + needed);
    }
  }

  /**
   * @param topic of the dead letters
   * @throws KafkaSetupException if it does not keep all of them
   */
  void requireKeepsDeadLetters(String topic) {
    if (compacted) {
      throw new KafkaSetupException(
          "topic '"
              + topic
              + "' is compacted (cleanup.policy): it would keep only the last dead letter of each"
              + " key, and takes none without; allowed for dead letters: delete");
    }
  }

  /**
   * @param topic of embeddings that are written out of order
   * @throws KafkaSetupException if it keeps the last message of each key
   */
  void requireNoOrder(String topic) {
    if (compacted) {
      throw new KafkaSetupException(
          "topic '"
              + topic
              + "' is compacted (cleanup.policy): it would keep what was written last of each key,"
              + " which with "
              + EmbedOptions.UNORDERED.key()
              + " need not be the newest; allowed for embeddings: delete, or "
              + EmbedOptions.UNORDERED.key()
              + ": false");
    }
  }
}
