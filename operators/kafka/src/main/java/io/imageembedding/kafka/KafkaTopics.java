// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.Embedded;
import io.imageembedding.flink.ImageExtractor;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.Options;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.CheckpointConfig;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topics of one job, as {@link KafkaOptions} names them: messages in as they are, embeddings
 * and dead letters out, each to its topic with the same guarantee.
 *
 * <pre>{@code
 * KafkaTopics topics = KafkaTopics.of(config);
 * ImageEmbedding<KafkaMessage> embedding = ImageEmbedding.of(topics.extractor()).options(config);
 * topics.check(embedding.describeModel().dimension());
 * topics.write(embedding.embed(topics.read(env)));
 * }</pre>
 *
 * <p>A job that puts embeddings somewhere else, too, or only there, says by {@link
 * #write(DataStream, UnaryOperator)} what they pass through before they are sent.
 */
@PublicEvolving
public final class KafkaTopics {

  /** Aligned phase of an unaligned checkpoint where none is set. */
  static final long ALIGNED_PHASE_MILLIS = 200;

  private static final Logger LOG = LoggerFactory.getLogger(KafkaTopics.class);
  private static final String SOME_NAME = "the name of a topic";

  private final ReadableConfig config;
  private final String jobName;
  private final String inputTopic;
  private final String outputTopic;
  private final String deadLetterTopic;
  private final WireSettings wire;
  private final Properties properties;
  private final InputSettings input;
  private final OutputSettings output;
  private boolean alone;

  private KafkaTopics(ReadableConfig config, boolean outputRequired) {
    this.config = config;
    jobName =
        Options.get(
            config,
            PipelineOptions.NAME,
            name -> name == null || SinkSettings.isJobName(name),
            SinkSettings.JOB_NAMES);
    inputTopic = required(KafkaOptions.INPUT_TOPIC, SOME_NAME);
    outputTopic =
        outputRequired
            ? required(KafkaOptions.OUTPUT_TOPIC, SOME_NAME)
            : given(KafkaOptions.OUTPUT_TOPIC, SOME_NAME);
    deadLetterTopic = required(KafkaOptions.DEAD_LETTER_TOPIC, SOME_NAME);
    if (topics().stream().distinct().count() < topics().size()) {
      ConfigOption<String> repeated =
          outputTopic == null ? KafkaOptions.DEAD_LETTER_TOPIC : KafkaOptions.OUTPUT_TOPIC;
      throw new InvalidOptionException(
          repeated.key(),
          config.get(repeated),
          outputTopic == null
              ? "input and dead letters in two different topics"
              : "input, output and dead letters in three different topics");
    }
    wire = WireSettings.of(config);
    properties =
        KafkaClientProperties.of(
            required(KafkaOptions.BOOTSTRAP_SERVERS, "host:port, separated by commas"),
            KafkaOptions.PROPERTIES_PREFIX,
            passedThrough(config));
    input = InputSettings.of(config, inputTopic, name(), properties);
    output = OutputSettings.of(config, name(), properties);
  }

  /**
   * The topics that the configuration names; nothing is asked of a broker yet.
   *
   * @throws InvalidOptionException naming key, value and what is allowed
   */
  public static KafkaTopics of(ReadableConfig config) {
    return new KafkaTopics(config, true);
  }

  /**
   * The same for a job whose embeddings may go elsewhere: where no topic is named for them, they
   * are not sent.
   *
   * @throws InvalidOptionException naming key, value and what is allowed
   */
  public static KafkaTopics withOptionalOutput(ReadableConfig config) {
    return new KafkaTopics(config, false);
  }

  /** Input first, then what there is. */
  private List<String> topics() {
    return Stream.of(inputTopic, outputTopic, deadLetterTopic).filter(Objects::nonNull).toList();
  }

  private String given(ConfigOption<String> option, String allowed) {
    return Options.get(config, option, value -> value == null || !value.isBlank(), allowed);
  }

  private String required(ConfigOption<String> option, String allowed) {
    String value = given(option, allowed);
    if (value == null) {
      throw new InvalidOptionException(option.key() + " is not set; needed: " + allowed);
    }
    return value;
  }

  private static Map<String, String> passedThrough(ReadableConfig config) {
    Map<String, String> given = new HashMap<>();
    config
        .toMap()
        .forEach(
            (key, value) -> {
              if (key.startsWith(KafkaOptions.PROPERTIES_PREFIX)) {
                given.put(key.substring(KafkaOptions.PROPERTIES_PREFIX.length()), value);
              }
            });
    return given;
  }

  /**
   * Creates the topics of the embeddings and of the dead letters where there are none; the input is
   * its producers'.
   *
   * @throws KafkaSetupException if no broker answers, or it refuses
   */
  public void createOutputs(int partitions) {
    try (TopicAdmin admin = new TopicAdmin(properties)) {
      for (String topic : topics().subList(1, topics().size())) {
        admin.createIfMissing(topic, partitions);
      }
    }
  }

  /**
   * Asks the brokers whether the job can run as it is set, as far as that can be said without the
   * model: topics exist, transactions may last as long as they are set to, and no other job is seen
   * to write with the same transactional ids, or with those of the state that is restored.
   *
   * @throws KafkaSetupException if it cannot, or no broker answers within 8 seconds
   * @throws InvalidOptionException if the transaction timeout is longer than the brokers allow or
   *     shorter than the time between checkpoints
   */
  public void check() {
    try (TopicChecks checks = checks()) {
      checks.all();
      refuseSameName();
    }
  }

  /** Asked once, as it may take some seconds. */
  private void refuseSameName() {
    if (!alone) {
      output.refuseOthers(topics().subList(1, topics().size()));
      alone = true;
    }
    LOG.info("{}", describeStart());
  }

  /**
   * The same, and whether the output topic takes a record with a vector of that dimension.
   *
   * @param dimension of the vectors
   */
  public void check(int dimension) {
    try (TopicChecks checks = checks()) {
      checks.all();
      refuseSameName();
      checks.takesEmbeddings(wire.bytesOfAnEmbedding(dimension), dimension);
    }
  }

  /**
   * What {@link #check()} asks, one by one, and the schema registry where the job has one.
   *
   * @param slots that the job runs in
   */
  public List<SetupCheck> checks(int slots) {
    return Stream.concat(
            TopicChecks.oneByOne(this::checks, topics(), slots).stream(),
            wire.registryCheck().stream())
        .toList();
  }

  /** Whether the output topic takes an embedding of that many features. */
  public void checkSize(int dimension) {
    try (TopicChecks checks = checks()) {
      checks.takesEmbeddings(wire.bytesOfAnEmbedding(dimension), dimension);
    }
  }

  private TopicChecks checks() {
    return new TopicChecks(
        properties,
        inputTopic,
        outputTopic,
        deadLetterTopic,
        output,
        EmbedOptions.isUnordered(config));
  }

  /** Finds the image in a message; refusals are those of the wire format. */
  public ImageExtractor<KafkaMessage> extractor() {
    return new MessageImageExtractor(wire);
  }

  /**
   * The messages of the input topic, all partitions, with Kafka's timestamps.
   *
   * <p>Unaligned checkpoints without an aligned phase are given one of {@value
   * #ALIGNED_PHASE_MILLIS} ms: in Flink 2.3 their trigger overtakes a partition that was just
   * assigned to a source reader ({@code StreamTask.triggerCheckpointAsync} is urgent mail, {@code
   * dispatchOperatorEvent} is not), and a job restored from such a checkpoint never reads that
   * partition.
   */
  public DataStream<KafkaMessage> read(StreamExecutionEnvironment env) {
    CheckpointConfig checkpoints = env.getCheckpointConfig();
    if (checkpoints.isUnalignedCheckpointsEnabled()
        && checkpoints.getAlignedCheckpointTimeout().isZero()) {
      LOG.info(
          "Unaligned checkpoints get an aligned phase of {} ms ({})",
          ALIGNED_PHASE_MILLIS,
          CheckpointingOptions.ALIGNED_CHECKPOINT_TIMEOUT.key());
      checkpoints.setAlignedCheckpointTimeout(Duration.ofMillis(ALIGNED_PHASE_MILLIS));
    }
    Duration lateness =
        Options.get(
            config,
            KafkaOptions.INPUT_MAX_OUT_OF_ORDERNESS,
            value -> value == null || !value.isNegative(),
            "a duration");
    WatermarkStrategy<KafkaMessage> watermarks =
        lateness == null
            ? WatermarkStrategy.noWatermarks()
            : WatermarkStrategy.forBoundedOutOfOrderness(lateness);
    return env.fromSource(new InputSource(input), watermarks, "images from " + inputTopic)
        .uid(InputSource.UID);
  }

  /**
   * Asks the brokers where the job begins to read, and says it in one line for people: how many
   * messages are ahead, and how many are answered again because an older state is restored.
   *
   * @throws KafkaSetupException if messages are gone that it would begin with, or no broker answers
   *     within 8 seconds
   */
  public String describeStart() {
    return InputStart.describe(input, config, InputSource.UID);
  }

  /**
   * Writes every answer: embeddings to the output topic, refusals to that of the dead letters. A
   * state to be restored that cannot be with the parallelism of the answers is refused with {@link
   * KafkaSetupException}, where it can be read here. Messages without a value whose key is an id
   * are tombstones: they are sent to the output topic without a value, each in its place.
   */
  public void write(DataStream<Embedded<KafkaMessage>> answers) {
    SingleOutputStreamOperator<EmbeddedMessage> encoded = encoded(answers);
    send(encoded);
    sendDeadLetters(encoded.getSideOutput(OutputEncoder.DEAD_LETTERS));
  }

  /**
   * The same, after every embedding has passed through another operator, such as one that puts it
   * into a store. Tombstones pass through it in their places.
   *
   * @param first gives on every element once and in order, those that it does not take as {@link
   *     EmbeddedMessage#refused}; with the parallelism of its input
   */
  public void write(
      DataStream<Embedded<KafkaMessage>> answers,
      UnaryOperator<DataStream<EmbeddedMessage>> first) {
    SingleOutputStreamOperator<EmbeddedMessage> encoded = encoded(answers);
    SingleOutputStreamOperator<OutgoingMessage> sent = send(first.apply(encoded));
    sendDeadLetters(
        encoded
            .getSideOutput(OutputEncoder.DEAD_LETTERS)
            .union(sent.getSideOutput(OutputEncoder.DEAD_LETTERS)));
  }

  private SingleOutputStreamOperator<EmbeddedMessage> encoded(
      DataStream<Embedded<KafkaMessage>> answers) {
    OutputEncoder encoder =
        new OutputEncoder(
            wire, outputTopic, deadLetterTopic, TopicSettings.Lookup.atBrokers(properties));
    return answers
        .process(encoder)
        .returns(EmbeddedMessage.typeInformation())
        .name("encode")
        .uid("encode")
        .setParallelism(answers.getParallelism());
  }

  private SingleOutputStreamOperator<OutgoingMessage> send(DataStream<EmbeddedMessage> answers) {
    int instances = answers.getParallelism();
    SingleOutputStreamOperator<OutgoingMessage> sent =
        answers
            .process(
                new OutputSender(
                    wire, outputTopic, deadLetterTopic, TopicSettings.Lookup.atBrokers(properties)))
            .returns(OutgoingMessage.typeInformation())
            .name("send")
            .uid("send")
            .setParallelism(instances);
    if (outputTopic != null) {
      sent.sinkTo(output.sink(outputTopic, SinkSettings.EMBEDDINGS, instances))
          .name("embeddings to " + outputTopic)
          .uid(SinkSettings.EMBEDDINGS)
          .setParallelism(instances);
    }
    return sent;
  }

  private void sendDeadLetters(DataStream<OutgoingMessage> deadLetters) {
    deadLetters
        .sinkTo(
            output.sink(deadLetterTopic, SinkSettings.DEAD_LETTERS, deadLetters.getParallelism()))
        .name("dead letters to " + deadLetterTopic)
        .uid(SinkSettings.DEAD_LETTERS)
        .setParallelism(deadLetters.getParallelism());
  }

  private String name() {
    return jobName == null ? "image-embedding" : jobName;
  }
}
