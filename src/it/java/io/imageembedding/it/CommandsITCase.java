// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertAll;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.cli.demo.DemoImages;
import io.imageembedding.cli.demo.DemoImages.DemoImage;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.it.TypedCommands.Running;
import io.imageembedding.safety.FileTrees;
import io.imageembedding.testkit.SampleImages;
import io.imageembedding.testkit.SampleRecords;
import io.imageembedding.vectorstore.postgres.TestingPostgres;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.commons.codec.digest.DigestUtils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every command of the documents, read from them and typed by a newcomer in a checkout that is
 * built, whose folder has a blank in its name. Words in capitals are names of files that are there
 * under these names, where they can be.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CommandsITCase {
  private static final List<String> DOCUMENTS = List.of("README.md", "deploy/README.md");

  /** Two ways to write one command. */
  private static final Map<String, String> SAME =
      Map.of("/opt/flink/bin/flink ", "flink ", "rest.address=HOST", "rest.address=localhost");

  private static final String HANDLE =
      "https://tfhub.dev/google/tf2-preview/mobilenet_v2/feature_vector/2";

  private static final int PHOTOS = 8;
  private static final Pattern SETTINGS = Pattern.compile("(?m)^ {7}([a-z][a-z.-]+: \\S+)$");
  private static final Pattern PAGE = Pattern.compile("(http://127\\.0\\.0\\.1:\\d+)");

  private final List<AutoCloseable> open = new ArrayList<>();
  private Path temporary;
  private TypedCommands typed;
  private EmbeddedKafka kafka;
  private TestTopics topics;
  private FlinkDistribution flink;
  private ClusterProcesses cluster;

  /** How a command is run. */
  private interface Way {
    void run(String command) throws Exception;
  }

  private record Step(String command, Way way) {}

  /** A command that something else runs, in a file that says so. */
  private record Elsewhere(String command, String file, String text) {}

  /**
   * The gate, what it packages, what takes minutes or hours; and what needs a container engine or
   * Kubernetes, of which only the files are tried.
   */
  private static final List<Elsewhere> ELSEWHERE =
      List.of(
          new Elsewhere("mvn -B verify", ".ci/run", "mvn -B verify"),
          new Elsewhere("mvn -B package -DskipTests", "embed", "package"),
          new Elsewhere(
              "mvn -B package -DskipTests -Ddistribution.archive.skip=false",
              "src/it/java/io/imageembedding/it/DistributionITCase.java",
              "theArchiveEmbedsWhereItIsUnpacked"),
          new Elsewhere(
              "flink run target/embed-files-1.0.jar $PWD/photo.jpg",
              "src/it/java/io/imageembedding/it/ExampleProject.java",
              "target/embed-files-1.0.jar"),
          new Elsewhere(
              "mvn -B install -DskipTests",
              "src/it/java/io/imageembedding/it/ExampleProject.java",
              "install(folder"),
          new Elsewhere(
              "./embed demo --serve",
              "src/it/java/io/imageembedding/it/DemoPageITCase.java",
              "\"demo\", \"--serve\""),
          new Elsewhere(
              "src/it/chaos --records 20000",
              "src/it/java/io/imageembedding/it/chaos/ChaosITCase.java",
              "player.play("),
          new Elsewhere(
              "src/it/soak --hours 1",
              "src/it/java/io/imageembedding/it/chaos/SoakITCase.java",
              "new SoakRun("),
          new Elsewhere(
              "/opt/flink/bin/sql-client.sh -j jobs/stream/target/image-embedding-job.jar -f"
                  + " deploy/sql/live-search.sql",
              "src/it/java/io/imageembedding/it/SqlITCase.java",
              "bin/sql-client.sh"),
          new Elsewhere(
              "src/bench/run --quick",
              "src/bench/test/io/imageembedding/bench/SmokeTest.java",
              "new Bench()"),
          new Elsewhere(
              "java -cp 'jobs/cli/target/classes:jobs/cli/target/distribution/lib/*'"
                  + " deploy/examples/consumers/EmbeddingConsumer.java localhost:9092 embeddings"
                  + " avro",
              "src/it/java/io/imageembedding/it/ConsumersITCase.java",
              "documented(\"EmbeddingConsumer.java\")"),
          new Elsewhere(
              "python3 deploy/examples/consumers/single_object.py"
                  + " schemas/src/main/resources/io/imageembedding/schema/history localhost:9092"
                  + " embeddings dead-letters",
              "src/it/java/io/imageembedding/it/ConsumersITCase.java",
              "documented(\"single_object.py\")"),
          new Elsewhere(
              "python3 deploy/examples/consumers/confluent.py http://localhost:8081 localhost:9092"
                  + " embeddings dead-letters",
              "src/it/java/io/imageembedding/it/ConsumersITCase.java",
              "documented(\"confluent.py\")"),
          new Elsewhere(
              "kubectl apply --server-side -k deploy/kubernetes/overlays/topic",
              "src/it/java/io/imageembedding/it/KubernetesTools.java",
              "kustomize"),
          new Elsewhere(
              "kubectl -n image-embedding create secret generic image-embedding-kafka"
                  + " --from-file=ca.crt --from-file=kafka.properties",
              "deploy/kubernetes/base/flink-deployment.yaml",
              "image-embedding-kafka"),
          new Elsewhere(
              "kubectl -n image-embedding create secret generic image-embedding-store"
                  + " --from-file=ca.crt --from-file=password",
              "deploy/kubernetes/overlays/postgresql/store.yaml",
              "image-embedding-store"),
          new Elsewhere(
              "kubectl create -f deploy/kubernetes/snapshot.yaml",
              "src/it/java/io/imageembedding/it/KubernetesManifestsTest.java",
              "snapshot"),
          new Elsewhere(
              "docker compose -f deploy/compose.yaml up --build",
              "src/it/java/io/imageembedding/it/ContainerFilesTest.java",
              "compose.yaml"),
          new Elsewhere(
              "docker compose -f deploy/compose.yaml exec page cat /run/secrets/page-token",
              "deploy/compose.yaml",
              "/run/secrets/page-token"));

  /** What needs no broker, in the order of a newcomer. */
  private List<Step> alone() {
    return List.of(
        new Step("./embed --help", command -> prints(command, "(?s).*fine-tune.*")),
        new Step(
            "./embed image --json photo.jpg scan.tiff",
            command -> prints(command, "(?s).*photo\\.jpg.*\"vector\".*scan\\.tiff.*\"vector\".*")),
        new Step("./embed demo --serve --images FOLDER --model MODEL", this::showsItsPage),
        new Step(
            "./embed model inspect SRC",
            command -> prints(command, "(?s).*SavedModel of TensorFlow 2.*")),
        new Step("./embed model verify SRC", command -> prints(command, "(?s).*1280.*")),
        new Step("./embed model import SRC --output DIR", this::writesAModel),
        new Step("./embed model export SRC --output DIR", this::writesAModel),
        new Step("./embed model fetch HANDLE", command -> prints(command, "(?s).*tfhub\\.dev.*")),
        new Step("./embed model list", command -> prints(command, "(?s).*tfhub\\.dev.*")),
        new Step(
            "./embed fine-tune --images FOLDER --output OUT --head-only",
            command -> prints(command, "(?s).*accuracy .*model: OUT/model.*")),
        new Step(
            "./embed image --model OUT/model photo.jpg",
            command -> prints(command, "(?s).*photo\\.jpg.*")),
        new Step(
            "./embed index PHOTOS --store lucene:STORE",
            command -> prints(command, "(?s).*indexed " + PHOTOS + " of " + PHOTOS + ".*")),
        new Step(
            "./embed search --store lucene:STORE --image photo.jpg -k 5",
            command -> prints(command, "(?s).*astronaut\\.jpg.*")),
        new Step("./embed serve --store lucene:STORE", this::showsItsPage),
        new Step(
            "./embed store describe lucene:STORE",
            command -> prints(command, "(?s).*vectors +" + PHOTOS + ".*")),
        new Step(
            "./embed store verify lucene:STORE", command -> prints(command, "(?s).*sound +yes.*")),
        new Step(
            "./embed store copy lucene:STORE"
                + " 'postgresql://HOST/DATABASE?table=NAME&user=NAME'",
            command -> prints(command, "(?s).*" + PHOTOS + ".*")));
  }

  /** What goes by way of a broker, in the order of someone who takes it into production. */
  private List<Step> byTopics() {
    return List.of(
        new Step(
            "./embed publish --bootstrap-servers localhost:9092 --topic images --partitions 4"
                + " PHOTOS",
            command -> prints(command, "(?s).*published " + PHOTOS + " files to images.*")),
        new Step(
            "./embed job --config deploy/examples/job.yaml --create-topics 4",
            command -> runsUntilInterrupted(command, PHOTOS + 1)),
        new Step(
            "./embed read --bootstrap-servers localhost:9092 --topic embeddings --json",
            command -> assertThat(typed.run(command).out()).hasSize(PHOTOS)),
        new Step(
            "./embed index --topic embeddings --bootstrap-servers localhost:9092 --store"
                + " lucene:vectors",
            command -> prints(command, "(?s).*indexed " + PHOTOS + " .*")),
        new Step(
            "./embed replay --bootstrap-servers localhost:9092 --from-topic dead-letters --to-topic"
                + " images --code TOO_LARGE",
            command -> prints(command, "(?s).*replayed 1 .*")),
        new Step(
            "./embed doctor --config deploy/examples/job.yaml",
            command -> prints(command, "(?s).* 0 failed, .*")),
        new Step(
            "./embed job --config deploy/examples/job.yaml",
            command -> runsUntilInterrupted(command, PHOTOS + 2)),
        new Step("deploy/install-cluster-lib.sh /opt/flink", this::installsAndStartsTheCluster),
        new Step(
            "flink run -d jobs/stream/target/image-embedding-job.jar --config"
                + " deploy/examples/job.yaml",
            command -> runsOnTheCluster(command, "the first")),
        new Step("./embed top --rest localhost:8081 --subtasks", this::showsTheJob),
        new Step(
            "./embed job --config deploy/examples/job.yaml -D execution.target=remote -D"
                + " rest.address=localhost -D rest.port=8081",
            command -> runsOnTheCluster(command, "the second")),
        new Step("jcmd PID System.trim_native_heap", command -> prints(command, "(?s).*\\d+.*")));
  }

  @AfterEach
  void end() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
    if (temporary != null) {
      // JUnit would name each of the links.
      FileTrees.delete(temporary);
    }
  }

  @Test
  void everyCommandIsRunBySomebodyAndNoneIsRunThatIsNotThere() throws Exception {
    Map<String, String> documented = documented();
    Set<String> run = new LinkedHashSet<>();
    Stream.concat(alone().stream(), byTopics().stream()).map(Step::command).forEach(run::add);
    for (Elsewhere each : ELSEWHERE) {
      assertThat(JavaProcess.project().resolve(each.file())).content().contains(each.text());
      run.add(each.command());
    }

    documented.forEach(
        (command, place) ->
            assertThat(run)
                .as("this command of %s is run by nobody: %s", place, command)
                .contains(command));
    assertThat(documented.keySet()).containsAll(run);
  }

  @Test
  void everyCommandWorksAsItIsWritten() throws Exception {
    prepare();
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      Future<?> byTopics =
          other.submit(
              () -> {
                runAll(byTopics());
                return null;
              });
      assertAll(() -> runAll(alone()), byTopics::get);
    } finally {
      other.shutdownNow();
    }
  }

  /** Commands and where they stand, each once. */
  private static Map<String, String> documented() throws IOException {
    Map<String, String> commands = new HashMap<>();
    for (String document : DOCUMENTS) {
      for (DocumentedCommand each : DocumentedCommand.of(JavaProcess.project(), document)) {
        String text = each.text();
        for (Map.Entry<String, String> same : SAME.entrySet()) {
          text = text.replace(same.getKey(), same.getValue());
        }
        commands.putIfAbsent(text, each.place());
      }
    }
    assertThat(commands).isNotEmpty();
    return commands;
  }

  private static void runAll(List<Step> steps) throws Exception {
    for (Step step : steps) {
      step.way().run(step.command());
    }
  }

  private void prepare() throws Exception {
    temporary = Files.createTempDirectory("image-embedding-commands").toRealPath();
    Path folder = Files.createDirectory(temporary.resolve("a check out"));
    typed = TypedCommands.in(folder);
    CompletableFuture<Ended> source =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return typed.run(
                    "./embed model export untrained:mobilenet_v2_0.35_96 --output SRC");
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    kafka = EmbeddedKafka.start();
    open.add(kafka::close);
    typed.bind("localhost:9092", kafka.bootstrapServers());
    TestingPostgres postgres = TestingPostgres.start();
    open.add(postgres);
    typed.bind("postgresql://HOST/DATABASE", postgres.address().replace("test@", ""));
    typed.bind("table=NAME&user=NAME", "table=photos&user=test");
    photos(folder);
    Path example = Path.of("deploy/examples/job.yaml");
    Files.writeString(
        folder.resolve(example),
        Files.readString(JavaProcess.project().resolve(example))
            .replace("localhost:9092", kafka.bootstrapServers()));
    topics = new TestTopics(kafka.bootstrapServers(), 4);
    topics.send(
        TestTopics.IMAGES, "huge.png", SampleRecords.image("huge.png", SampleImages.bomb()));
    flink = FlinkDistribution.in(temporary.resolve("flink"));
    typed.bind("/opt/flink", flink.home().toString());
    typed.set("PATH", flink.home().resolve("bin") + ":" + System.getenv("PATH"));
    source.get();
    copy("SRC", "MODEL");
    // As tensorflow_hub leaves it behind.
    String cached = "hub/" + DigestUtils.sha1Hex(HANDLE);
    copy("SRC", cached);
    Files.writeString(folder.resolve(cached + ".descriptor.txt"), "Module: " + HANDLE + "\n");
    typed.bind("HANDLE", HANDLE);
    typed.set("TFHUB_CACHE_DIR", folder.resolve("hub").toString());
  }

  private static void photos(Path folder) throws IOException {
    List<DemoImage> all = DemoImages.builtin();
    for (DemoImage image : all.subList(0, PHOTOS)) {
      Path photo = Files.createDirectories(folder.resolve("PHOTOS")).resolve(image.id());
      Files.write(photo, image.bytes());
      // A class for each photo and its versions.
      String label = image.photo().substring(0, image.photo().indexOf('.'));
      Files.write(
          Files.createDirectories(folder.resolve("FOLDER").resolve(label)).resolve(image.id()),
          image.bytes());
    }
    Files.write(folder.resolve("photo.jpg"), all.get(0).bytes());
    ImageIO.write(
        new BufferedImage(300, 200, BufferedImage.TYPE_INT_RGB),
        "tiff",
        folder.resolve("scan.tiff").toFile());
  }

  /** As far as its header; no more of it is looked at. */
  private void copy(String from, String to) throws IOException, InterruptedException {
    Files.createDirectories(typed.folder().resolve(to).getParent());
    JavaProcess.run(
        typed.folder(), Map.of(), "cp", "-R", from, typed.folder().resolve(to).toString());
  }

  private void prints(String command, String pattern) throws Exception {
    Ended ended = typed.run(command);
    assertThat(String.join("\n", ended.out()) + ended.err()).as(command).matches(pattern);
  }

  private void writesAModel(String command) throws Exception {
    typed.run(command);
    Path written = typed.folder().resolve("DIR");
    assertThat(written.resolve("saved_model.pb")).isNotEmptyFile();
    FileTrees.delete(written);
  }

  /** At a port that is free, as another one may have the page's own. */
  private void showsItsPage(String command) throws Exception {
    try (Running server = typed.start(command + " --port 0")) {
      String page = server.await(PAGE.pattern()).group(1);
      assertThat(get(URI.create(page + "/"))).contains("<html");
      // What the page asks for once it is open.
      assertThat(get(URI.create(page + "/api/newest"))).startsWith("{");
      if (command.contains(" demo ")) {
        server.await("the nearest other image is a version of the same photo");
      }
      server.interrupt();
    }
  }

  private void runsUntilInterrupted(String command, int images) throws Exception {
    try (Running job = typed.start(command)) {
      job.await("checkpoints every 10000 ms below " + typed.folder() + "/checkpoints/photos;");
      awaitAnswers(job.process()::isAlive, images);
      job.interrupt();
      Matcher stopped = job.await("Go on with: --restore file:(\\S.*)");
      assertThat(Path.of(stopped.group(1)).resolve("_metadata")).isRegularFile();
    }
  }

  private void installsAndStartsTheCluster(String command) throws Exception {
    prints(command, "(?s).*Now add to .*conf/config.yaml on every machine.*");
    assertThat(flink.home().resolve("lib"))
        .isDirectoryContaining(file -> file.toString().contains("tensorflow-core-native"));
    Map<String, String> settings = new HashMap<>();
    Matcher documented =
        SETTINGS.matcher(Files.readString(JavaProcess.project().resolve("deploy/README.md")));
    while (documented.find()) {
      new YAMLMapper()
          .readTree(documented.group(1))
          .properties()
          .forEach(each -> settings.put(each.getKey(), each.getValue().asText()));
    }
    assertThat(settings).containsKey("taskmanager.memory.task.off-heap.size").hasSize(3);
    cluster = flink.start(settings);
    open.add(cluster);
    typed.bind("8081", String.valueOf(cluster.restPort()));
    typed.bind("PID", String.valueOf(cluster.taskManagers().get(0).pid()));
    Awaitility.await()
        .atMost(3, TimeUnit.MINUTES)
        .ignoreExceptions()
        .until(() -> rest("overview").get("slots-available").asInt() == 2);
  }

  private void runsOnTheCluster(String command, String image) throws Exception {
    cancelAll();
    prints(
        command,
        "(?s).*execution\\.checkpointing\\.dir: 'checkpoints' is taken as "
            + Pattern.quote(typed.folder() + "/checkpoints")
            + ".*");
    int before = topics.keys().size();
    topics.send(TestTopics.IMAGES, image, TestTopics.imageRecord(image, Map.of()));
    awaitAnswers(cluster::isAlive, before + 1);
    assertThat(topics.keys()).as(cluster.log()).contains(image);
  }

  private void showsTheJob(String command) throws Exception {
    try (Running top = typed.start(command)) {
      top.await("photos");
      top.interrupt(0);
    }
  }

  /** There are two ways to submit a job of one name. */
  private void cancelAll() throws Exception {
    for (JsonNode each : rest("jobs").get("jobs")) {
      if (each.get("status").asText().equals("RUNNING")) {
        cancel(each.get("id").asText());
      }
    }
  }

  private void cancel(String job) throws Exception {
    HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(address("jobs/" + job))
                .method("PATCH", HttpRequest.BodyPublishers.noBody())
                .build(),
            BodyHandlers.discarding());
    Awaitility.await()
        .atMost(3, TimeUnit.MINUTES)
        .until(() -> rest("jobs/" + job).get("state").asText().equals("CANCELED"));
  }

  /** So many in both topics that a committed reader sees them. */
  private void awaitAnswers(Callable<Boolean> runs, int count) {
    Awaitility.await()
        .atMost(3, TimeUnit.MINUTES)
        .until(() -> topics.keys().size() >= count || !runs.call());
    assertThat(topics.keys()).hasSizeGreaterThanOrEqualTo(count);
  }

  private URI address(String path) {
    return URI.create("http://localhost:" + cluster.restPort() + "/" + path);
  }

  private JsonNode rest(String path) throws Exception {
    return new ObjectMapper().readTree(get(address(path)));
  }

  private static String get(URI address) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString())
        .body();
  }
}
