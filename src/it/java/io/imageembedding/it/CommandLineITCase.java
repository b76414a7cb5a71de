// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.cli.Embed;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.source.ModelInspector;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CommandLineITCase {
  @TempDir Path folder;

  @Test
  void theDemoFindsForEveryImageAVersionOfTheSamePhoto() throws Exception {
    Ended demo = embed("demo", "--output", "sheet");

    assertThat(demo.exitCode()).as(demo.err()).isZero();
    assertThat(demo.lastLine())
        .isEqualTo("44 of 44: the nearest other image is a version of the same photo");
    assertThat(demo.out()).hasSize(46);
    String html = Files.readString(folder.resolve("sheet/contact-sheet.html"));
    assertThat(html.split("<img ", -1)).hasSize(1 + 44 * 4);
    assertThat(html).doesNotContain("src=\"http");

    assertThat(demo.err()).contains("./embed search --store lucene:sheet/store --id astronaut.jpg");
    Ended search =
        embed("search", "--store", "lucene:sheet/store", "--id", "astronaut.jpg", "-k", "3");
    assertThat(search.exitCode()).as(search.err()).isZero();
    assertThat(search.out()).hasSize(4);
    assertThat(search.out().get(1)).startsWith("astronaut.");
    Ended store = embed("store", "describe", "lucene:sheet/store", "--json");
    assertThat(store.lastLine()).contains("\"vectors\":44");
  }

  @Test
  void theLauncherRunsTheSameCommandLine() throws Exception {
    // What it would build lies there already: this test is part of a build.
    Files.writeString(JavaProcess.project().resolve("jobs/cli/target/embed.built"), "");
    Path link =
        Files.createSymbolicLink(folder.resolve("a link"), JavaProcess.project().resolve("embed"));

    Ended version = JavaProcess.run(folder, Map.of(), link.toString(), "--version");

    assertThat(version.exitCode()).as(version.err()).isZero();
    assertThat(version.lastLine()).startsWith("flink-image-embedding ");
  }

  @Test
  void inAPosixLocaleNamesOfFilesReachStoreAndTopicAsTheyAreAndOneThatIsNoTextIsRefused()
      throws Exception {
    Files.writeString(JavaProcess.project().resolve("jobs/cli/target/embed.built"), "");
    for (String name : List.of("%C3%A4.png", "plain.png", "bad%FF.png")) {
      Path file = Path.of(URI.create(folder.toUri() + "photos/" + name));
      Files.createDirectories(file.getParent());
      // Not by a File, which has no other names than texts.
      try (OutputStream out = Files.newOutputStream(file)) {
        ImageIO.write(new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB), "png", out);
      }
    }
    Ended index =
        inPosixLocale("index photos --store lucene:store --model untrained:mobilenet_v2_0.35_96");
    assertThat(index.exitCode()).as(index.err()).isEqualTo(1);
    assertThat(index.lastLine())
        .startsWith("indexed 2 of 3 files, 0 replaced, 0 unchanged, 1 refused");
    assertThat(index.err()).contains("bad%FF.png", "its name is no text");
    Ended search =
        inPosixLocale("search --json --store lucene:store --id \"$(printf '\\303\\244.png')\"");
    assertThat(search.exitCode()).as(search.err()).isZero();

    try (BrokerProcess broker = BrokerProcess.start(folder.resolve("broker.log"))) {
      TestTopics topics = new TestTopics(broker.bootstrapServers(), 1);
      Ended publish =
          inPosixLocale(
              "publish --bootstrap-servers "
                  + broker.bootstrapServers()
                  + " --topic "
                  + TestTopics.IMAGES
                  + " photos");
      assertThat(publish.exitCode()).as(publish.err()).isEqualTo(1);
      assertThat(publish.lastLine()).isEqualTo("published 2 files to images, 1 refused");
      assertThat(publish.err()).contains("bad%FF.png", "its name is no text");
      assertThat(topics.committed(TestTopics.IMAGES))
          .extracting(record -> new String(record.key(), StandardCharsets.UTF_8))
          .containsExactlyInAnyOrder("\u00e4.png", "plain.png");
    }
  }

  private Ended inPosixLocale(String arguments) throws IOException, InterruptedException {
    return JavaProcess.run(
        folder,
        Map.of("LC_ALL", "POSIX"),
        "sh",
        "-c",
        "exec '" + JavaProcess.project().resolve("embed") + "' " + arguments);
  }

  @Test
  void imageAnswersEveryFileAndFailsIfOneFailed() throws Exception {
    ImageIO.write(
        new BufferedImage(30, 20, BufferedImage.TYPE_INT_RGB),
        "png",
        folder.resolve("black.png").toFile());
    Files.writeString(folder.resolve("text.jpg"), "no image at all");

    Ended ended = embed("image", "--json", "black.png", "text.jpg", "missing.png", "./black.png");

    assertThat(ended.exitCode()).isEqualTo(1);
    List<JsonNode> lines = new ArrayList<>();
    for (String line : ended.out()) {
      lines.add(new ObjectMapper().readTree(line));
    }
    assertThat(lines)
        .extracting(line -> line.get("id").asText())
        .containsExactly("black.png", "text.jpg", "missing.png", "./black.png");
    JsonNode black = lines.get(0);
    assertThat(black.get("vector")).hasSize(1280);
    assertThat(black.get("dimension").asInt()).isEqualTo(1280);
    assertThat(black.get("model").get("precision").asText()).isEqualTo("fp32");
    assertThat(black.get("image")).hasToString("{\"format\":\"png\",\"width\":30,\"height\":20}");
    assertThat(lines.get(1).get("error").get("stage").asText()).isEqualTo("image");
    assertThat(lines.get(1).get("error").get("code").asText()).isEqualTo("NOT_AN_IMAGE");
    assertThat(lines.get(2).get("error").get("message").asText()).contains("cannot be read");
    assertThat(lines.get(3).get("vector")).isEqualTo(black.get("vector"));
  }

  @Test
  void aModelThatPythonHasFetchedIsFoundByItsHandleAndPinnedByItsContent() throws Exception {
    Files.writeString(JavaProcess.project().resolve("jobs/cli/target/embed.built"), "");
    String handle = "google/mobilenet-v2/tensorFlow2/035-96-feature-vector/2";
    Path version = folder.resolve("kagglehub/models/" + handle);
    ModelSource untrained = ModelSource.parse("untrained:mobilenet_v2_0.35_96");
    Files.createDirectories(version.getParent());
    ModelInspector.writePlain(untrained, version);
    Files.createFile(version.resolveSibling("2.complete"));
    String sha256 = ModelInspector.inspect(ModelSource.parse(version.toString())).sha256();

    Ended pinned = withKagglehub("model", "inspect", handle, "--sha256", sha256, "--json");
    assertThat(pinned.exitCode()).as(pinned.err()).isZero();
    assertThat(new ObjectMapper().readTree(pinned.lastLine()).get("sha256").asText())
        .isEqualTo(sha256);
    Ended path = withKagglehub("model", "fetch", handle, "--path");
    assertThat(path.out()).containsExactly(version.toString());
    Ended list = withKagglehub("model", "list", "--json");
    assertThat(list.out())
        .anySatisfy(line -> assertThat(line).contains("\"origin\":\"" + handle + "\""));
  }

  private Ended withKagglehub(String... arguments) throws Exception {
    List<String> typed =
        new ArrayList<>(List.of(JavaProcess.project().resolve("embed").toString()));
    typed.addAll(List.of(arguments));
    return JavaProcess.run(
        folder,
        Map.of("KAGGLEHUB_CACHE", folder.resolve("kagglehub").toString()),
        typed.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "2, embed: Missing command, \"\"",
        "2, embed: Unknown option: '--colour', image --colour x.png",
        "2, embed: Missing required option: '--topic=<topic>', publish --bootstrap-servers 127.0.0.1:1 x.png",
        "2, embed: Invalid value for --format: xml, read --bootstrap-servers 127.0.0.1:1 --topic t --format xml",
        "1, embed: model, model inspect nowhere",
        "1, embed: there is no folder nowhere, demo --images nowhere",
        "2, embed: configuration file nowhere.yaml cannot be read, job --config nowhere.yaml",
        "2, embed: image-embedding.kafka.input.topic is not set, job",
        "2, embed: image-embedding.batch.max-count: '0' is not allowed, job -D image-embedding.batch.max-count=0 -D image-embedding.kafka.bootstrap-servers=127.0.0.1:1 -D image-embedding.kafka.input.topic=a -D image-embedding.kafka.output.topic=b -D image-embedding.kafka.dead-letter.topic=c",
        "2, embed: Expected either files and folders or --topic, index --store lucene:x",
        "2, embed: Expected either files and folders or --topic, index --store lucene:x --topic t --bootstrap-servers 127.0.0.1:1 x.png",
        "2, embed: Missing required argument(s): (--bootstrap-servers, index --store lucene:x --topic t",
        "2, embed: Unused with --topic: --model, index --store lucene:x --topic t --bootstrap-servers 127.0.0.1:1 --model builtin",
        "2, embed: Invalid value for --format: raw, index --store lucene:x --topic t --bootstrap-servers 127.0.0.1:1 --format raw",
        "2, embed: --format confluent-avro needs --schema-registry URL, index --store lucene:x --topic t --bootstrap-servers 127.0.0.1:1 --format confluent-avro",
        "1, embed: no Kafka broker answered at 127.0.0.1:1, index --store lucene:x --topic t --bootstrap-servers 127.0.0.1:1",
        "2, embed: image-embedding.store.address: there is no kind of store, job -D image-embedding.store.address=nosuch:x",
        "1, embed: no Kafka broker answered at 127.0.0.1:1, read --bootstrap-servers 127.0.0.1:1 --topic t",
      })
  void aPersonsMistakeIsSaidInOneLineWithoutAStackTrace(
      int exitCode, String firstLine, String arguments) throws Exception {
    Ended ended = embed(arguments.isEmpty() ? new String[0] : arguments.split(" "));

    assertThat(ended.exitCode()).isEqualTo(exitCode);
    assertThat(ended.out()).isEmpty();
    assertThat(ended.err().lines().toList())
        .as(ended.err())
        .hasSizeLessThanOrEqualTo(2)
        .anyMatch(line -> line.startsWith(firstLine));
    assertThat(ended.err()).doesNotContain("\tat ");
  }

  @Test
  void aJobThatIsKilledGoesOnFromItsLastCheckpointAsIfNothingHadHappened() throws Exception {
    try (BrokerProcess broker = BrokerProcess.start(folder.resolve("broker.log"))) {
      TestTopics topics = new TestTopics(broker.bootstrapServers(), 4);
      topics.publish(0, 600, 60);
      Files.writeString(
          folder.resolve("job.yaml"),
          """
          pipeline.name: killed
          parallelism.default: 2
          execution.checkpointing:
            interval: 500 ms
            dir: kept
          image-embedding.kafka:
            bootstrap-servers: %s
            input: {topic: images}
            output: {topic: embeddings}
            dead-letter: {topic: dead-letters}
          """
              .formatted(broker.bootstrapServers()));
      Process killed = startJob();
      Awaitility.await()
          .atMost(2, TimeUnit.MINUTES)
          .until(() -> topics.committed(TestTopics.EMBEDDINGS).size() > 30);
      killed.destroyForcibly().waitFor();

      Process again = startJob("--restore", "latest");
      Awaitility.await()
          .atMost(2, TimeUnit.MINUTES)
          .until(() -> topics.answeredIds().size() >= 600);
      again.destroy();
      assertThat(again.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(Files.readString(folder.resolve("job.err"))).contains("Go on with: --restore ");

      Set<String> ids = new HashSet<>();
      for (String topic : List.of(TestTopics.EMBEDDINGS, TestTopics.DEAD_LETTERS)) {
        Ended read =
            embed(
                "read",
                "--json",
                "--bootstrap-servers",
                broker.bootstrapServers(),
                "--topic",
                topic);
        assertThat(read.exitCode()).as(read.err()).isZero();
        for (String line : read.out()) {
          JsonNode json = new ObjectMapper().readTree(line);
          String id = json.get("id").isNull() ? json.toString() : json.get("id").asText();
          assertThat(json.has("error")).isEqualTo(topic.equals(TestTopics.DEAD_LETTERS));
          if (!json.get("id").isNull()) {
            assertThat(ids.add(id)).as("twice: " + id).isTrue();
          }
        }
      }
      assertThat(topics.answeredIds()).hasSize(600).doesNotHaveDuplicates();
    }
  }

  private Process startJob(String... more) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("job", "--config", "job.yaml"));
    arguments.addAll(List.of(more));
    return new ProcessBuilder(JavaProcess.command(Embed.class, arguments))
        .directory(folder.toFile())
        .redirectOutput(folder.resolve("job.out").toFile())
        .redirectError(folder.resolve("job.err").toFile())
        .start();
  }

  private Ended embed(String... arguments) throws IOException, InterruptedException {
    return JavaProcess.run(
        folder,
        Map.of(),
        JavaProcess.command(Embed.class, List.of(arguments)).toArray(String[]::new));
  }
}
