// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.kafka.KafkaOptions.LostTransactions;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * What a sink of one job is made of.
 *
 * @param idPrefix what every transactional id of the job begins with, without a terminator
 * @param use what the sink is for, one word; tells the transactional ids of a job's sinks apart
 * @param topic that is written to
 * @param guarantee of delivery
 * @param transactionTimeout after which a broker aborts an open transaction
 * @param lost what is done about transactions that a broker has aborted
 * @param clients properties of every client of the sink, with the brokers to begin with
 * @param atOnce whether messages are sent without waiting for more
 */
record SinkSettings(
    String idPrefix,
    String use,
    String topic,
    DeliveryGuarantee guarantee,
    Duration transactionTimeout,
    LostTransactions lost,
    Properties clients,
    boolean atOnce)
    implements Serializable {

  /**
   * Ends every part of a prefix of transactional ids; neither names of jobs nor prefixes that are
   * chosen may hold it.
   */
  static final char TERMINATOR = '/';

  /** What a job's name may be, as transactional ids are made of it where no prefix is chosen. */
  static final String JOB_NAMES = "1 to 200 characters without " + TERMINATOR;

  /** What a prefix that is chosen may be. */
  static final String ID_PREFIXES = JOB_NAMES + " and without control characters";

  static final String EMBEDDINGS = "embeddings";
  static final String DEAD_LETTERS = "dead-letters";
  static final List<String> USES = List.of(EMBEDDINGS, DEAD_LETTERS);

  static boolean isJobName(String name) {
    return !name.isBlank() && name.length() <= 200 && name.indexOf(TERMINATOR) < 0;
  }

  static boolean isIdPrefix(String prefix) {
    return isJobName(prefix) && prefix.chars().noneMatch(Character::isISOControl);
  }

  /**
   * What the transactional ids of the sink begin with. The connector aborts every open transaction
   * whose id begins with it, so no prefix may be the beginning of another job's.
   */
  String transactionalIdPrefix() {
    return transactionalIdPrefix(idPrefix, use);
  }

  /** The prefixes of all sinks that a job with that beginning may have. */
  static List<String> transactionalIdPrefixes(String idPrefix) {
    return USES.stream().map(use -> transactionalIdPrefix(idPrefix, use)).toList();
  }

  private static String transactionalIdPrefix(String idPrefix, String use) {
    return idPrefix + TERMINATOR + use + TERMINATOR;
  }

  /** Properties of the producers; those of the clients win over what is set here for speed. */
  Properties producer() {
    Properties producer = new Properties();
    producer.setProperty(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, String.valueOf(MessageSizes.MAX_REQUEST_BYTES));
    producer.setProperty(
        ProducerConfig.BUFFER_MEMORY_CONFIG, String.valueOf(MessageSizes.BUFFER_BYTES));
    if (atOnce) {
      producer.setProperty(ProducerConfig.LINGER_MS_CONFIG, "0");
    }
    producer.putAll(clients);
    producer.setProperty(
        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, String.valueOf(transactionTimeout.toMillis()));
    return producer;
  }
}
