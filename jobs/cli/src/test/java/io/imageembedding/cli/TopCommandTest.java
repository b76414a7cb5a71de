// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.cli.cluster.TestingFlink;
import io.imageembedding.cli.cluster.TestingFlink.Answering;
import io.imageembedding.cli.cluster.TestingFlink.Moment;
import io.imageembedding.safety.FreePort;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TopCommandTest {
  private static final String OTHER = "f".repeat(32);

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int top(String address, String... more) {
    List<String> arguments = new ArrayList<>(List.of("top", "--rest", address));
    arguments.addAll(List.of(more));
    return Embed.newCommandLine(new PrintWriter(out, true), new PrintWriter(err, true))
        .execute(arguments.toArray(String[]::new));
  }

  private static Answering reply(int status, String type, String body) {
    return exchange -> TestingFlink.reply(exchange, status, type, body);
  }

  static Stream<Arguments> badAnswers() {
    return Stream.of(
        Arguments.of("a page", reply(200, "text/html", "\n<!DOCTYPE html><p>it works"), "a page"),
        Arguments.of("a page of errors", reply(404, "text/html", "<html>"), "(404, a page)"),
        Arguments.of("text", reply(200, "text/plain", "hello"), "(200)"),
        Arguments.of("nothing", reply(200, "application/json", ""), "(200)"),
        Arguments.of("another JSON", reply(200, "application/json", "{\"a\":1}"), "no jobs"),
        Arguments.of("a number", reply(200, "application/json", "7"), "(200)"),
        Arguments.of("a deep JSON", reply(200, "application/json", "[".repeat(99_999)), "(200)"),
        Arguments.of("a login", reply(401, "text/html", "<html>"), "asks for a login (401)"),
        Arguments.of(
            "an error of Flink",
            reply(503, "application/json", "{\"errors\":[\"no leader\\u001b[2J\\nat x\"]}"),
            "answers 503 to /jobs/overview: no leader\\u001b[2J"),
        Arguments.of(
            "a redirect",
            (Answering)
                exchange -> {
                  exchange.getResponseHeaders().set("Location", "https://elsewhere/");
                  exchange.sendResponseHeaders(301, -1);
                },
            "sends elsewhere (301): https://elsewhere/"),
        Arguments.of("a closed connection", (Answering) exchange -> {}, "does not answer as"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badAnswers")
  void whatIsNotFlinkIsNamedInOneLine(String name, Answering answering, String said)
      throws IOException {
    try (TestingFlink flink = TestingFlink.answering(answering)) {
      assertFailsInOneLine(flink.address(), said);
    }
  }

  private void assertFailsInOneLine(String address, String said) {
    assertThat(top(address)).isEqualTo(1);
    assertThat(err.toString().lines()).as(err.toString()).hasSize(1);
    assertThat(err.toString()).startsWith("embed: ").contains(address, said);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void whoeverIsSilentIsNotWaitedFor() throws IOException {
    TestingFlink[] flink = new TestingFlink[1];
    try (TestingFlink silent = TestingFlink.answering(exchange -> flink[0].untilClosed())) {
      flink[0] = silent;
      assertFailsInOneLine(silent.address(), "within 2.5 s");
    }
  }

  @Test
  void anAnswerThatDripsIsNotWaitedFor() throws IOException {
    TestingFlink[] flink = new TestingFlink[1];
    try (TestingFlink dripping =
        TestingFlink.answering(
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              while (!flink[0].closedWithin(50)) {
                exchange.getResponseBody().write(' ');
                exchange.getResponseBody().flush();
              }
            })) {
      flink[0] = dripping;
      assertFailsInOneLine(dripping.address(), "within 2.5 s");
    }
  }

  @Test
  void anAnswerWithoutAnEndIsNotKept() throws IOException {
    try (TestingFlink endless =
        TestingFlink.answering(
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              byte[] part = new byte[1 << 20];
              for (int i = 0; i < 1000; i++) {
                exchange.getResponseBody().write(part);
              }
            })) {
      assertFailsInOneLine(endless.address(), "more than 4 MiB");
    }
  }

  @Test
  void whereNothingListensIsSaid() throws IOException {
    assertFailsInOneLine("127.0.0.1:" + FreePort.find(), "nothing listens at");
  }

  @Test
  void aHostThatIsNotKnownIsSaid() {
    assertThat(top("no-such-host.invalid:8081")).isEqualTo(1);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).contains("no-such-host.invalid:8081");
  }

  @ParameterizedTest
  @CsvSource({
    "--rest, flink:99999, allowed: HOST:PORT",
    "--interval, 0, allowed: 1 to 3600",
    "--interval, x, is not an int"
  })
  void aWrongUseIsRefused(String option, String value, String said) {
    int exitCode =
        Embed.newCommandLine(new PrintWriter(out, true), new PrintWriter(err, true))
            .execute("top", option, value);

    assertThat(exitCode).isEqualTo(2);
    assertThat(err.toString()).contains(option).contains(said);
  }

  @Test
  void whichOfSeveralJobsIsAsked() throws IOException {
    try (TestingFlink flink = TestingFlink.start()) {
      assertFailsInOneLine(flink.address(), "no job runs at");
      flink
          .with(TestingFlink.JOB, "photos", "FINISHED")
          .then(new Moment("FINISHED", -1L, 0, Map.of()))
          .with("e".repeat(32), "a", "RUNNING")
          .with(OTHER, "b\u001b[2J", "RESTARTING");

      err.getBuffer().setLength(0);
      assertFailsInOneLine(flink.address(), "2 jobs run at");
      assertThat(err.toString())
          .contains("--job: a (" + "e".repeat(32) + "), b\\u001b[2J (" + OTHER + ")");

      err.getBuffer().setLength(0);
      assertThat(top(flink.address(), "--job", "c")).isEqualTo(1);
      assertThat(err.toString())
          .contains("no job of the name or id c", "photos (" + TestingFlink.JOB);

      err.getBuffer().setLength(0);
      assertThat(top(flink.address(), "--job", "photos")).isZero();
      assertThat(top(flink.address(), "--job", TestingFlink.JOB)).isZero();
      assertThat(err.toString()).contains("the job photos has ended: FINISHED");
      assertThat(out.toString().lines()).hasSize(2);
    }
  }

  @Test
  void aJobThatFailsEndsItWithTheCause() throws IOException {
    try (TestingFlink flink =
        TestingFlink.start()
            .with(TestingFlink.JOB, "photos", "RUNNING")
            .then(new Moment("FAILED", -1L, 0, Map.of()))) {
      assertThat(top(flink.address())).isEqualTo(1);
      assertThat(err.toString())
          .isEqualTo("embed: the job photos failed: x.Broken: the \\u001b[31mcause\n");
    }
  }

  private static Map<String, Long> metrics(long in0, long in1, long refused, long lag) {
    return Map.ofEntries(
        Map.entry("0.embed.imageEmbedding.imagesIn", in0),
        Map.entry("1.embed.imageEmbedding.imagesIn", in1),
        Map.entry("0.embed.imageEmbedding.imagesOut", in0 - refused),
        Map.entry("1.embed.imageEmbedding.imagesOut", in1),
        Map.entry("0.embed.imageEmbedding.code.CORRUPT.imagesRefused", refused),
        Map.entry("0.embed.imageEmbedding.code.EMPTY.imagesRefused", 0L),
        Map.entry("0.embed.imageEmbedding.reason.COUNT.batches", in0 / 8),
        Map.entry("1.embed.imageEmbedding.reason.COUNT.batches", in1 / 8),
        Map.entry("0.embed.imageEmbedding.inferMicros", in0 * 20_000),
        Map.entry("1.embed.imageEmbedding.inferMicros", in1 * 20_000),
        Map.entry("0.micro-batch.microBatch.queueMicros", (in0 + in1) * 60_000),
        Map.entry("0.Source__images.pendingRecords", lag),
        Map.entry("1.Source__images.pendingRecords", lag),
        Map.entry("0.Source__images.numRecordsIn", 77L));
  }

  @Test
  void ratesAreThoseOfTheClustersOwnTimeAlsoWhenSubtasksBeginAnew() throws IOException {
    try (TestingFlink flink =
        TestingFlink.start()
            .with(TestingFlink.JOB, "photos", "RUNNING")
            .then(new Moment("RUNNING", 100_000L, 0, metrics(8000, 800, 8, 5)))
            .then(new Moment("RUNNING", 110_000L, 0, metrics(8400, 1200, 18, 50)))
            .then(new Moment("RUNNING", 110_000L, 0, metrics(9999, 9999, 18, 99)))
            .then(new Moment("RUNNING", 130_000L, 0, metrics(9200, 80, 18, 3)))
            .then(new Moment("RESTARTING", 0L, 2, metrics(9200, 80, 18, 3)))
            .then(new Moment("FINISHED", -1L, 2, Map.of()))) {
      assertThat(top(flink.address(), "--json", "--interval", "1", "--subtasks"))
          .as(err.toString())
          .isZero();
    }
    List<JsonNode> seen = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      seen.add(new ObjectMapper().readTree(line));
    }
    assertThat(seen).hasSize(6);

    assertThat(seen.get(0).at("/images/in").asLong()).isEqualTo(8800);
    assertThat(seen.get(0).at("/images").has("inPerSecond")).isFalse();
    assertThat(seen.get(0).at("/images/lag").asLong()).isEqualTo(10);

    JsonNode second = seen.get(1);
    assertThat(second.at("/name").asText()).isEqualTo("photos");
    assertThat(second.at("/images/in").asLong()).isEqualTo(9600);
    assertThat(second.at("/images/refusedByCode")).hasToString("{\"CORRUPT\":18}");
    assertThat(second.at("/images/inPerSecond").asDouble()).isEqualTo(80);
    assertThat(second.at("/images/outPerSecond").asDouble()).isEqualTo(79);
    assertThat(second.at("/images/refusedPerSecond").asDouble()).isEqualTo(1);
    assertThat(second.at("/images/batchSize").asDouble()).isEqualTo(8);
    assertThat(second.at("/images/millisPerImage/infer").asDouble()).isEqualTo(20);
    assertThat(second.at("/images/share/queue").asDouble()).isCloseTo(0.75, within(1e-9));
    assertThat(second.at("/checkpoints/last").asLong()).isEqualTo(33);
    assertThat(second.at("/checkpoints/ageMillis").asLong()).isEqualTo(4000);
    assertThat(second.at("/checkpoints/failed").asLong()).isEqualTo(2);
    assertThat(second.at("/subtasks/1/place/taskManager").asText()).isEqualTo("b:2");
    assertThat(second.at("/subtasks/1/images/inPerSecond").asDouble()).isEqualTo(40);

    assertThat(seen.get(2).get("images")).isEqualTo(second.get("images"));

    JsonNode restarted = seen.get(3);
    assertThat(restarted.at("/images/in").asLong()).isEqualTo(9600 + 800 + 80);
    assertThat(restarted.at("/images/inPerSecond").asDouble()).isEqualTo(44);

    assertThat(seen.get(4).at("/restarts").asLong()).isEqualTo(2);
    assertThat(seen.get(4).at("/images").has("inPerSecond")).isFalse();
    assertThat(seen.get(5).at("/state").asText()).isEqualTo("FINISHED");
    assertThat(seen.get(5).at("/images/in").asLong()).isEqualTo(9600 + 800 + 80);
    assertThat(err.toString()).isEqualTo("the job photos has ended: FINISHED\n");
  }

  @Test
  void withoutATerminalThereIsALineForEachLook() throws IOException {
    try (TestingFlink flink =
        TestingFlink.start()
            .with(TestingFlink.JOB, "photos", "RUNNING")
            .then(new Moment("RUNNING", null, 0, Map.of()))
            .then(new Moment("RUNNING", 10_000L, 3, metrics(80, 8, 8, 5)))
            .then(new Moment("CANCELED", -1L, 3, Map.of()))) {
      assertThat(top(flink.address(), "--interval", "1", "--subtasks")).isZero();
    }
    List<String> lines = out.toString().lines().toList();
    assertThat(lines.get(0))
        .endsWith(
            "photos RUNNING: images in 0, out 0, refused 0, restarts 0, checkpoint 33, 4 s ago (2"
                + " failed)");
    assertThat(lines.get(1))
        .endsWith(
            "photos RUNNING: images in 88, out 80, refused 8, restarts 3, lag 10, checkpoint 33, 4"
                + " s ago (2 failed), codes CORRUPT 8");
    assertThat(lines.get(2)).endsWith("  subtask 0: images in 80, out 72, refused 8, lag 5");
    assertThat(lines.get(3)).endsWith("  subtask 1: images in 8, out 8, refused 0, lag 5");
    assertThat(out.toString()).doesNotContain("\u001b");
  }
}
