// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.it.TypedCommands.Running;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.safety.FileTrees;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The examples of consumers, typed as {@code deploy/README.md} has them, say all that a job has
 * written, and go on behind what they do not know.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConsumersITCase {
  private static final Path EXAMPLES = JavaProcess.project().resolve("deploy/examples/consumers");
  private static final Path SCHEMAS = JavaProcess.project().resolve("schemas/src");
  private static final String HISTORY = "main/resources/io/imageembedding/schema/history";
  private static final int IMAGES = 12;
  private static final int BROKEN_EVERY = 5;

  private static final String LOAD =
      """
      import sys
      from fastavro.schema import fingerprint, load_schema, to_parsing_canonical_form
      for file in sys.argv[1:]:
          schema = load_schema(file)
          print(schema["name"], fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))
      """;

  private Path folder;
  private Path python;
  private EmbeddedKafka kafka;
  private TestTopics topics;
  private TypedCommands typed;

  /**
   * A message that no job has written, and what is said of it.
   *
   * @param inPython a regular expression
   */
  private record Odd(String key, byte[] value, String inPython, String inJava) {}

  @BeforeEach
  void start() throws IOException {
    python = DeployTools.python("fastavro");
    folder = Files.createTempDirectory("image-embedding-consumers").toRealPath();
    kafka = EmbeddedKafka.start();
    topics = new TestTopics(kafka.bootstrapServers(), 2);
    typed = TypedCommands.in(folder.resolve("a check out"));
    typed.bind("python3", python.toString());
    typed.bind("localhost:9092", kafka.bootstrapServers());
    typed.set(
        "PATH", Path.of(System.getProperty("java.home"), "bin") + ":" + System.getenv("PATH"));
  }

  @AfterEach
  void stop() throws IOException {
    if (kafka != null) {
      kafka.close();
    }
    if (folder != null) {
      // JUnit would name each of the links.
      FileTrees.delete(folder);
    }
  }

  @Test
  void singleObjectsAreReadWhateverVersionWroteThem() throws Exception {
    run(Map.of());
    byte[] old = fixture("EmbeddingRecord-1");
    List<Odd> odd =
        List.of(
            new Odd("old", old, "a/photo\\.jpg, 4 features", "a/photo.jpg, 4 features"),
            new Odd(
                "letter",
                fixture("DeadLetter-1"),
                "a/photo\\.jpg, image TRUNCATED: the jpeg ends before its image does",
                "schema io.imageembedding.schema.DeadLetter of the message is not compatible with"
                    + " io.imageembedding.schema.EmbeddingRecord"),
            new Odd("deleted", null, "deleted", "the message has no value"),
            new Odd(
                "unknown",
                new byte[] {(byte) 0xC3, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0},
                "of no known schema",
                "no known Avro schema with fingerprint 807060504030201"),
            new Odd(
                "text",
                "text".getBytes(UTF_8),
                "of no known schema",
                "the value is not in Avro's single-object encoding"),
            new Odd(
                "damaged",
                Arrays.copyOf(old, old.length / 2),
                "unreadable, .*",
                "the value is no EmbeddingRecord of the schema that it names"));
    for (Odd each : odd) {
      topics.send(topics.embeddings(), each.key(), each.value());
    }

    try (Running inPython = typed.start(documented("single_object.py"));
        Running inJava = typed.start(documented("EmbeddingConsumer.java"))) {
      assertThatAllIsSaid(odd, inPython, inJava);
      inPython.interrupt();
      inJava.interrupt();
    }
  }

  @Test
  void whatARegistryNamesIsReadAndItsEndIsTheirs() throws Exception {
    try (TestingRegistry registry = TestingRegistry.start()) {
      typed.bind("http://localhost:8081", registry.url());
      run(
          Map.of(
              "image-embedding.kafka.output.format",
              "confluent-avro",
              "image-embedding.kafka.schema-registry.url",
              registry.url()));
      byte[] old = framed(registry, "EmbeddingRecord-1");
      List<Odd> odd =
          List.of(
              new Odd("old", old, "a/photo\\.jpg, 4 features", "a/photo.jpg, 4 features"),
              new Odd(
                  "letter",
                  framed(registry, "DeadLetter-1"),
                  "a/photo\\.jpg, image TRUNCATED: the jpeg ends before its image does",
                  "schema io.imageembedding.schema.DeadLetter of the message is not compatible"
                      + " with io.imageembedding.schema.EmbeddingRecord"),
              new Odd("deleted", null, "deleted", "the message has no value"),
              new Odd(
                  "unknown",
                  framed(9999, new byte[1]),
                  "unreadable or of no known schema, <HTTPError 404: .*>",
                  "no known Avro schema with id 9999 in the registry"),
              new Odd(
                  "text",
                  "text".getBytes(UTF_8),
                  "not in a registry's framing",
                  "the value does not begin as a schema registry's framing does"),
              new Odd(
                  "damaged",
                  Arrays.copyOf(old, old.length / 2),
                  "unreadable or of no known schema, .*",
                  "the value is no EmbeddingRecord of the schema that it names"));
      for (Odd each : odd) {
        topics.send(topics.embeddings(), each.key(), each.value());
      }

      String java = documented("EmbeddingConsumer.java");
      assertThat(java).endsWith(" avro");
      try (Running inPython = typed.start(documented("confluent.py"));
          Running inJava =
              typed.start(java.replaceFirst("avro$", "confluent-avro " + registry.url()))) {
        assertThatAllIsSaid(odd, inPython, inJava);
        registry.close();
        topics.send(topics.embeddings(), "lost", framed(77, new byte[1]));
        inPython.await("(?m)^schema registry: .*refused.*$");
        assertThat(inPython.process().waitFor()).isEqualTo(1);
      }
    }
  }

  @Test
  void everySchemaIsTakenByFastavroAsItIs() throws Exception {
    List<String> command = new ArrayList<>(List.of(python.toString(), "-c", LOAD));
    List<String> expected = new ArrayList<>();
    for (String schemas : List.of("main/avro/io/imageembedding/schema", HISTORY)) {
      try (Stream<Path> files = Files.list(SCHEMAS.resolve(schemas))) {
        for (Path file : files.sorted().toList()) {
          Schema schema = new Schema.Parser().parse(file.toFile());
          byte[] fingerprint = SchemaNormalization.parsingFingerprint("CRC-64-AVRO", schema);
          command.add(file.toString());
          expected.add(schema.getFullName() + " " + HexFormat.of().formatHex(fingerprint));
        }
      }
    }

    Ended ended = JavaProcess.run(folder, Map.of(), command.toArray(String[]::new));

    assertThat(ended.out()).as(ended.err()).isEqualTo(expected).hasSizeGreaterThan(3);
  }

  @Test
  void eachExampleHasUnderThirtyLines() throws IOException {
    for (String name : List.of("EmbeddingConsumer.java", "single_object.py", "confluent.py")) {
      assertThat(Files.readAllLines(EXAMPLES.resolve(name)))
          .hasSizeBetween(10, 29)
          .allMatch(line -> line.length() <= 130);
    }
  }

  private void assertThatAllIsSaid(List<Odd> odd, Running inPython, Running inJava)
      throws IOException {
    List<ConsumerRecord<byte[], byte[]>> embeddings = topics.committed(topics.embeddings());
    assertThat(embeddings).hasSizeGreaterThan(odd.size());
    for (ConsumerRecord<byte[], byte[]> message : embeddings) {
      String key = new String(message.key(), UTF_8);
      Odd known = odd.stream().filter(each -> each.key().equals(key)).findFirst().orElse(null);
      awaits(inPython, message, known == null ? key + ", 1280 features" : known.inPython());
      awaits(
          inJava, message, Pattern.quote(known == null ? key + ", 1280 features" : known.inJava()));
    }
    List<ConsumerRecord<byte[], byte[]>> letters = topics.committed(topics.deadLetters());
    assertThat(letters).hasSize((IMAGES + BROKEN_EVERY - 1) / BROKEN_EVERY);
    for (ConsumerRecord<byte[], byte[]> message : letters) {
      awaits(inPython, message, new String(message.key(), UTF_8) + ", image [A-Z_]+: .+");
    }
    assertThat(said(inPython)).isEqualTo(embeddings.size() + letters.size());
    assertThat(said(inJava)).isEqualTo(embeddings.size());
  }

  private static void awaits(Running consumer, ConsumerRecord<?, ?> message, String what)
      throws IOException {
    String place = message.topic() + "-" + message.partition() + "-" + message.offset();
    consumer.await("(?m)^" + place + ": " + what + "$");
  }

  /** Lines that are about a message. */
  private static long said(Running consumer) throws IOException {
    try (Stream<String> lines = Files.lines(consumer.log())) {
      return lines.filter(line -> line.matches("[a-z-]+-\\d+-\\d+: .*")).count();
    }
  }

  private static String documented(String example) throws IOException {
    return DocumentedCommand.of(JavaProcess.project(), "deploy/README.md").stream()
        .map(DocumentedCommand::text)
        .filter(text -> text.contains("consumers/" + example))
        .findFirst()
        .orElseThrow(() -> new AssertionError("deploy/README.md does not run " + example));
  }

  /** A job from beginning to end. */
  private void run(Map<String, String> more) throws Exception {
    topics.publish(0, IMAGES, BROKEN_EVERY);
    Map<String, String> options = topics.options();
    options.put("pipeline.name", "for consumers");
    options.put("image-embedding.model", "untrained:mobilenet_v2_0.35_96");
    options.put("image-embedding.kafka.input.bounded", "true");
    options.putAll(more);
    Configuration config = EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(config);
    EmbedImagesJob.build(env, config);
    env.execute();
  }

  /** What an earlier version wrote, in single-object encoding. */
  private static byte[] fixture(String name) throws IOException {
    Path hex = SCHEMAS.resolve("test/resources/io/imageembedding/schema/" + name + ".hex");
    return HexFormat.of().parseHex(Files.readString(hex).strip());
  }

  /** The same, of a schema that the registry is told of. */
  private static byte[] framed(TestingRegistry registry, String name) throws IOException {
    Path schema = SCHEMAS.resolve(HISTORY).resolve(name + ".avsc");
    byte[] singleObject = fixture(name);
    return framed(
        registry.register(Files.readString(schema)),
        Arrays.copyOfRange(singleObject, 10, singleObject.length));
  }

  private static byte[] framed(int id, byte[] record) {
    return ByteBuffer.allocate(5 + record.length).put((byte) 0).putInt(id).put(record).array();
  }
}
