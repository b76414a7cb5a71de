// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.imageembedding.schema.WireFormat;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.connector.base.DeliveryGuarantee;

/** Options of the topics. */
@PublicEvolving
public final class KafkaOptions {

  /** Where an input that has no restored offsets is read from. */
  public enum Start {
    /** Where the consumer group last committed, else the beginning. */
    COMMITTED,
    /** The beginning. */
    EARLIEST,
    /** The end: only what comes from now on. */
    LATEST
  }

  /** What happens when messages are gone that were not read yet. */
  public enum LostMessages {
    /** The job fails. */
    FAIL,
    /** The job goes on with the first message that is left, and counts those before it. */
    SKIP
  }

  /** What a job does about transactions that cannot be committed any more. */
  public enum LostTransactions {
    /** Fails for good, saying what was lost. */
    FAIL,
    /** Counts them, logs each, and goes on without what they held. */
    CONTINUE
  }

  public static final ConfigOption<String> BOOTSTRAP_SERVERS =
      key("image-embedding.kafka.bootstrap-servers")
          .stringType()
          .noDefaultValue()
          .withDescription("Brokers to begin with: host:port, separated by commas. Required.");

  public static final ConfigOption<String> INPUT_TOPIC =
      key("image-embedding.kafka.input.topic")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Topic of the images; every partition of it is read, one that is added from its"
                  + " beginning, after a minute at most or what"
                  + " image-embedding.kafka.properties.partition.discovery.interval.ms says."
                  + " Required.");

  public static final ConfigOption<String> INPUT_FORMAT =
      key("image-embedding.kafka.input.format")
          .stringType()
          .defaultValue("avro")
          .withDescription(
              "Wire format of the images: "
                  + oneOf(WireFormat.inputs(), f -> "'" + f.key() + "' (" + f.words() + ")")
                  + ".");

  public static final ConfigOption<Start> INPUT_START =
      key("image-embedding.kafka.input.start")
          .enumType(Start.class)
          .defaultValue(Start.COMMITTED)
          .withDescription(
              "Where reading begins when no checkpoint is restored: 'committed' (where the"
                  + " consumer group last committed, else the beginning), 'earliest' or 'latest'.");

  public static final ConfigOption<LostMessages> INPUT_LOST_MESSAGES =
      key("image-embedding.kafka.input.lost-messages")
          .enumType(LostMessages.class)
          .defaultValue(LostMessages.FAIL)
          .withDescription(
              "What happens when messages are gone before they were read, because the topic keeps"
                  + " them for a shorter time than the job was behind or down: 'fail' (the job"
                  + " ends, naming the offset that it wants and the first that is left) or 'skip'"
                  + " (it goes on with the first that is left, logs it, and counts those before it"
                  + " as messagesSkipped). The same for a topic that was made anew and ends before"
                  + " that offset.");

  public static final ConfigOption<Boolean> INPUT_BOUNDED =
      key("image-embedding.kafka.input.bounded")
          .booleanType()
          .defaultValue(false)
          .withDescription(
              "Whether the job ends when it has read what was in the topic at its start. Partitions"
                  + " that an unbounded run had already taken stay unbounded when the job is"
                  + " restored from that run's state.");

  public static final ConfigOption<Duration> INPUT_MAX_OUT_OF_ORDERNESS =
      key("image-embedding.kafka.input.max-out-of-orderness")
          .durationType()
          .noDefaultValue()
          .withDescription(
              "Makes watermarks from the messages' Kafka timestamps, this far behind the latest."
                  + " Not set: no watermarks, which would close micro-batches early.");

  public static final ConfigOption<String> GROUP_ID =
      key("image-embedding.kafka.group-id")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Consumer group that offsets are committed for; default: the job's name"
                  + " (pipeline.name). Recovery uses checkpoints, not the group.");

  public static final ConfigOption<String> OUTPUT_TOPIC =
      key("image-embedding.kafka.output.topic")
          .stringType()
          .noDefaultValue()
          .withDescription("Topic of the embeddings. Required, unless a vector store takes them.");

  public static final ConfigOption<String> OUTPUT_FORMAT =
      key("image-embedding.kafka.output.format")
          .stringType()
          .defaultValue("avro")
          .withDescription(
              "Wire format of embeddings and dead letters: "
                  + oneOf(WireFormat.outputs(), f -> "'" + f.key() + "'")
                  + ".");

  public static final ConfigOption<String> DEAD_LETTER_TOPIC =
      key("image-embedding.kafka.dead-letter.topic")
          .stringType()
          .noDefaultValue()
          .withDescription("Topic of the messages that could not be embedded. Required.");

  public static final ConfigOption<String> SCHEMA_REGISTRY_URL =
      key("image-embedding.kafka.schema-registry.url")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "http or https address of the schema registry, for "
                  + oneOf(WireFormat.ofRegistry(), f -> "'" + f.key() + "'")
                  + ".");

  public static final ConfigOption<String> SCHEMA_REGISTRY_CREDENTIALS_FILE =
      key("image-embedding.kafka.schema-registry.credentials-file")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "File with user:password for the schema registry, on every machine of the cluster;"
                  + " read whenever a task starts.");

  public static final ConfigOption<DeliveryGuarantee> DELIVERY_GUARANTEE =
      key("image-embedding.kafka.delivery-guarantee")
          .enumType(DeliveryGuarantee.class)
          .defaultValue(DeliveryGuarantee.EXACTLY_ONCE)
          .withDescription(
              "'exactly-once': embeddings and dead letters are written in transactions that end"
                  + " with each checkpoint; read them with isolation.level=read_committed."
                  + " 'at-least-once': they can be read at once, and repeat after a failure.");

  public static final ConfigOption<String> TRANSACTIONAL_ID_PREFIX =
      key("image-embedding.kafka.transactional-id-prefix")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "What the job's transactional ids begin with, before a '/'; 1 to 200 characters"
                  + " without '/' and control characters. Default: the job's name (pipeline.name)."
                  + " No two jobs that run may have the same. A restored job may have another than"
                  + " before: it ends what the old ids left open.");

  public static final ConfigOption<Duration> TRANSACTION_TIMEOUT =
      key("image-embedding.kafka.transaction-timeout")
          .durationType()
          .defaultValue(Duration.ofMinutes(15))
          .withDescription(
              "How long the broker keeps a transaction open. It must cover the time between two"
                  + " checkpoints plus the longest time that the job may be down: a transaction"
                  + " that times out in between is lost with what was in it. A broker allows up"
                  + " to its transaction.max.timeout.ms, 15 minutes if nobody raised it.");

  public static final ConfigOption<LostTransactions> LOST_TRANSACTIONS =
      key("image-embedding.kafka.lost-transactions")
          .enumType(LostTransactions.class)
          .defaultValue(LostTransactions.FAIL)
          .withDescription(
              "What to do when the broker has aborted a transaction that a checkpoint counts as"
                  + " written, as after an outage longer than transaction-timeout: 'fail' (the job"
                  + " fails for good, saying which) or 'continue' (without what it held; the metric"
                  + " transactionsLost counts it).");

  /** Below this, any property of Kafka's clients goes. */
  public static final String PROPERTIES_PREFIX = "image-embedding.kafka.properties.";

  private KafkaOptions() {}

  /** Every option of the topics, in the order of the documentation. */
  public static List<ConfigOption<?>> all() {
    return List.of(
        BOOTSTRAP_SERVERS,
        INPUT_TOPIC,
        INPUT_FORMAT,
        INPUT_START,
        INPUT_LOST_MESSAGES,
        INPUT_BOUNDED,
        INPUT_MAX_OUT_OF_ORDERNESS,
        GROUP_ID,
        OUTPUT_TOPIC,
        OUTPUT_FORMAT,
        DEAD_LETTER_TOPIC,
        SCHEMA_REGISTRY_URL,
        SCHEMA_REGISTRY_CREDENTIALS_FILE,
        DELIVERY_GUARANTEE,
        TRANSACTIONAL_ID_PREFIX,
        TRANSACTION_TIMEOUT,
        LOST_TRANSACTIONS);
  }

  /** The formats with commas, and an "or" before the last. */
  private static String oneOf(List<WireFormat> formats, Function<WireFormat, String> text) {
    List<String> texts = formats.stream().map(text).toList();
    int last = texts.size() - 1;
    return last == 0
        ? texts.get(0)
        : String.join(", ", texts.subList(0, last)) + " or " + texts.get(last);
  }
}
