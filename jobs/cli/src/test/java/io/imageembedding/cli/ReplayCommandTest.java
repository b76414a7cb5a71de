// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.schema.Code;
import io.imageembedding.schema.DeadLetter;
import io.imageembedding.schema.Header;
import io.imageembedding.schema.OmittedOriginal;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.Source;
import io.imageembedding.schema.Stage;
import io.imageembedding.schema.WireFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** On a real broker. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReplayCommandTest {
  private static final int PARTITIONS = 3;
  private static final Instant SENT = Instant.now().truncatedTo(ChronoUnit.MILLIS).minusSeconds(60);
  private static final Instant FAILED = SENT.plusSeconds(30);
  private static final String REASON = "it is not as it should be";

  private static EmbeddedKafka kafka;
  private static Properties properties;
  private static int tests;

  private String images;
  private String letters;
  private int offset;

  private record Ended(int exitCode, String out, String err) {
    JsonNode json() throws IOException {
      return new ObjectMapper().readTree(out);
    }
  }

  @BeforeAll
  static void start() throws IOException {
    kafka = EmbeddedKafka.start();
    properties = KafkaClientProperties.of(kafka.bootstrapServers(), "", Map.of());
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  @BeforeEach
  void createTopics() {
    images = "images-" + ++tests;
    letters = "letters-" + tests;
    try (TopicAdmin admin = new TopicAdmin(properties)) {
      admin.createIfMissing(images, PARTITIONS);
      admin.createIfMissing(letters, 2);
    }
  }

  private DeadLetter letter(Code code, byte[] key, byte[] value, Header... headers) {
    return letter(code, REASON, FAILED, key, value, headers);
  }

  private DeadLetter letter(
      Code code, String message, Instant failedAt, byte[] key, byte[] value, Header... headers) {
    return new DeadLetter(
        null,
        code == Code.NULL_VALUE ? Stage.wire : Stage.image,
        code,
        message,
        new Source(images, offset % PARTITIONS, (long) offset++, SENT),
        key == null ? null : ByteBuffer.wrap(key),
        value == null ? null : ByteBuffer.wrap(value),
        List.of(headers),
        failedAt);
  }

  private static Header header(String key, String value) {
    return new Header(key, value == null ? null : ByteBuffer.wrap(value.getBytes(UTF_8)));
  }

  private void refuse(WireFormat format, DeadLetter... all) throws IOException {
    RecordWriter<DeadLetter> writer = RecordWriter.deadLetters(format, null, letters);
    List<byte[]> values = new ArrayList<>();
    for (DeadLetter letter : all) {
      values.add(writer.write(letter));
    }
    send(letters, values);
  }

  private static void send(String topic, List<byte[]> values) {
    Properties transactional = new Properties();
    transactional.putAll(properties);
    transactional.setProperty("transactional.id", "test-" + topic);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(transactional, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      values.forEach(value -> producer.send(new ProducerRecord<>(topic, value)));
      producer.commitTransaction();
    }
  }

  private List<String> arguments(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "replay",
                "--bootstrap-servers",
                kafka.bootstrapServers(),
                "--from-topic",
                letters,
                "--to-topic",
                images));
    arguments.addAll(List.of(more));
    return arguments;
  }

  private Ended replay(String... more) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        Embed.newCommandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments(more).toArray(String[]::new));
    return new Ended(exitCode, out.toString(), err.toString());
  }

  /** What is committed in the topic of images, in the order of the partitions. */
  private List<ConsumerRecord<byte[], byte[]>> sent() {
    Properties consumer = new Properties();
    consumer.putAll(properties);
    consumer.setProperty("isolation.level", "read_committed");
    List<TopicPartition> partitions =
        IntStream.range(0, PARTITIONS).mapToObj(i -> new TopicPartition(images, i)).toList();
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(consumer, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      reader.assign(partitions);
      reader.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
      while (!ends.entrySet().stream().allMatch(e -> reader.position(e.getKey()) >= e.getValue())) {
        reader.poll(Duration.ofMillis(200)).forEach(records::add);
      }
    }
    records.sort(Comparator.comparing(ConsumerRecord::partition));
    return records;
  }

  private static Map<String, String> headers(ConsumerRecord<?, ?> record) {
    Map<String, String> headers = new HashMap<>();
    record
        .headers()
        .forEach(
            h -> headers.put(h.key(), h.value() == null ? null : new String(h.value(), UTF_8)));
    return headers;
  }

  @ParameterizedTest
  @EnumSource(names = {"AVRO", "JSON"})
  void originalsAreSentExactlyAsTheyCameWithACountOfTheTries(WireFormat format) throws Exception {
    byte[] binary = {0, -1, 127, -128, 10};
    refuse(
        format,
        letter(Code.CORRUPT, binary, binary, header("a", "1"), header("a", "2"), header("b", null)),
        letter(Code.NULL_VALUE, null, null),
        letter(
            Code.TOO_LARGE,
            new byte[0],
            new byte[0],
            header("image-embedding-replays", "1"),
            header("z", "é")));

    Ended ended = replay("--format", format.key());

    assertThat(ended.exitCode()).as(ended.err()).isZero();
    assertThat(ended.out().strip())
        .isEqualTo(
            "replayed 3 of 3 dead letters (NULL_VALUE: 1, CORRUPT: 1, TOO_LARGE: 1), 0 not"
                + " selected, 0 skipped, to "
                + images);
    List<ConsumerRecord<byte[], byte[]>> sent = sent();
    assertThat(sent).extracting(ConsumerRecord::partition).containsExactly(0, 1, 2);
    assertThat(sent).extracting(ConsumerRecord::timestamp).containsOnly(SENT.toEpochMilli());
    assertThat(sent.get(0).key()).isEqualTo(binary);
    assertThat(sent.get(0).value()).isEqualTo(binary);
    assertThat(sent.get(0).headers().toArray())
        .extracting(h -> h.key() + "=" + (h.value() == null ? null : new String(h.value(), UTF_8)))
        .containsExactly("a=1", "a=2", "b=null", "image-embedding-replays=1");
    assertThat(sent.get(1).key()).isNull();
    assertThat(sent.get(1).value()).isNull();
    assertThat(sent.get(2).key()).isEmpty();
    assertThat(sent.get(2).value()).isEmpty();
    assertThat(headers(sent.get(2)))
        .containsExactlyInAnyOrderEntriesOf(Map.of("image-embedding-replays", "2", "z", "é"));
  }

  @Test
  void whatCannotBeSentIsSkippedByPlaceAndReasonAndTheRestGoesOn() throws Exception {
    try (Admin admin = Admin.create(properties)) {
      images += "-small";
      admin
          .createTopics(
              List.of(
                  new NewTopic(images, PARTITIONS, (short) 1)
                      .configs(Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "20000"))))
          .all()
          .get();
    }
    byte[] some = {1};
    refuse(
        WireFormat.AVRO,
        letter(
            Code.TOO_LARGE,
            REASON + OmittedOriginal.note("the original value and headers", 1000, 10),
            FAILED,
            some,
            null),
        letter(
            Code.CORRUPT,
            REASON + OmittedOriginal.note("the original headers", 1000, 10),
            FAILED,
            some,
            some),
        letter(Code.CORRUPT, some, some, header("image-embedding-replays", "3")),
        letter(Code.CORRUPT, some, new byte[30_000]),
        letter(Code.CORRUPT, some, new byte[10_000]),
        letter(Code.CORRUPT, some, some));
    send(letters, List.of("no dead letter".getBytes(UTF_8)));

    Ended ended = replay("--json");

    assertThat(ended.exitCode()).as(ended.err()).isEqualTo(1);
    assertThat(ended.json().get("deadLetters").asInt()).isEqualTo(7);
    assertThat(ended.json().get("replayed").asInt()).isEqualTo(2);
    assertThat(ended.json().get("reasons"))
        .hasToString(
            "{\"NO_VALUE\":1,\"NO_HEADERS\":1,\"TRIED\":1,\"TOO_LARGE\":1,\"UNREADABLE\":1}");
    assertThat(ended.err().lines())
        .hasSize(5)
        .allMatch(line -> line.startsWith("dead letter " + letters + "-"))
        .anyMatch(line -> line.contains("without the original value"))
        .anyMatch(line -> line.contains("sent again 3 times"))
        .anyMatch(line -> line.contains("larger than the topic takes"));
    assertThat(sent()).extracting(record -> record.value().length).containsOnly(10_000, 1);
    assertThat(replay("--json").json().get("deadLetters").asInt()).isZero();
  }

  @Test
  void onlyWhatIsSelectedIsSentOnceAndADryRunSendsNothing() throws Exception {
    byte[] some = {1};
    refuse(
        WireFormat.AVRO,
        letter(Code.CORRUPT, some, some),
        letter(Code.TRUNCATED, some, some),
        letter(Code.NULL_VALUE, some, null),
        letter(Code.CORRUPT, REASON, FAILED.minusSeconds(86_400), some, some));
    String[] selection = {"--code", "corrupt,NULL_VALUE", "--stage", "image", "--since", "2 h"};

    Ended dry = replay(with(selection, "--dry-run"));
    assertThat(dry.exitCode()).as(dry.err()).isZero();
    assertThat(dry.out()).startsWith("would replay 1 of 4 dead letters (CORRUPT: 1), 3 not");
    assertThat(sent()).isEmpty();

    assertThat(replay(selection).out()).startsWith("replayed 1 of 4 dead letters (CORRUPT: 1), 3");
    assertThat(replay(selection).out()).startsWith("replayed 0 of 0 dead letters");
    assertThat(sent()).hasSize(1);
    refuse(WireFormat.AVRO, letter(Code.CORRUPT, some, some));
    assertThat(replay(selection).out()).startsWith("replayed 1 of 1 dead letters");
    assertThat(replay("--code", "TRUNCATED").out()).startsWith("replayed 1 of 5 dead letters");
    assertThat(sent()).hasSize(3);
  }

  private static String[] with(String[] some, String more) {
    String[] all = Arrays.copyOf(some, some.length + 1);
    all[some.length] = more;
    return all;
  }

  @Test
  void anOriginalThatTheTopicWouldDeleteAtOnceIsRefusedBeforeItIsSent() throws Exception {
    DeadLetter old = letter(Code.CORRUPT, new byte[] {1}, new byte[] {1});
    old.getSource().setTimestamp(Instant.parse("2020-01-01T00:00:00Z"));
    refuse(WireFormat.AVRO, old);

    Ended refused = replay();
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err())
        .contains("is of 2020-01-01T00:00:00Z", "retention.ms", "--timestamp now");
    assertThat(sent()).isEmpty();

    assertThat(replay("--timestamp", "now").exitCode()).isZero();
    assertThat(sent())
        .singleElement()
        .satisfies(record -> assertThat(record.timestamp()).isGreaterThan(SENT.toEpochMilli()));
  }

  @Test
  void aMistakeIsSaidInOneLineBeforeAnythingIsSent() {
    assertThat(replay("--code", "WRONG").err()).contains("--code", "WRONG", "TOO_LARGE");
    assertThat(replay("--since", "yesterday").err())
        .contains("Invalid value for --since: 'yesterday' is not allowed; allowed: 2026-01-31");
    assertThat(replay("--max-tries", "0").exitCode()).isEqualTo(2);
    assertThat(replay("--format", "raw").err()).contains("allowed: avro, confluent-avro, json");
    letters = images;
    assertThat(replay().err()).contains("allowed: another topic");
    letters = "nowhere";
    Ended nowhere = replay();
    assertThat(nowhere.exitCode()).isEqualTo(1);
    assertThat(nowhere.err()).startsWith("embed: topic 'nowhere' does not exist");
  }

  @Test
  void aReplayThatIsKilledStoppedAndOvertakenSendsEveryOriginalOnce() throws Exception {
    int count = 1500;
    DeadLetter[] all = new DeadLetter[count];
    for (int i = 0; i < count; i++) {
      all[i] = letter(Code.CORRUPT, ("key-" + i).getBytes(UTF_8), new byte[] {1});
    }
    refuse(WireFormat.AVRO, all);

    Process killed = startAndAwait(250);
    killed.destroyForcibly();
    assertThat(killed.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(sent()).hasSizeBetween(250, count - 1);

    Process signalled = startAndAwait(500);
    signalled.destroy();
    assertThat(signalled.waitFor(1, TimeUnit.MINUTES)).isTrue();

    Process overtaken = startAndAwait(750);
    Ended last = replay();
    assertThat(last.exitCode()).as(last.err()).isZero();
    assertThat(overtaken.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(sent())
        .extracting(record -> new String(record.key(), UTF_8))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, count).mapToObj(i -> "key-" + i).toList());
  }

  /** A process that replays in many small transactions, once that many originals are sent. */
  private Process startAndAwait(int sentAtLeast) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Embed.class.getName()));
    command.addAll(arguments("--property", "max.poll.records=10"));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Awaitility.await()
        .atMost(2, TimeUnit.MINUTES)
        .until(() -> sent().size() >= sentAtLeast || !process.isAlive());
    return process;
  }
}
