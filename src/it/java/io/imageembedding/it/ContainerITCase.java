// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.safety.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The image of {@code deploy/container}, laid out by its own script over a Flink as it is
 * distributed, and run as its recipe says, but for the container engine.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ContainerITCase {
  private static final int IMAGES = 40;
  private static final int BROKEN = 10;
  private static final long EPOCH = 1767225600;
  private static final String STATE = "/var/lib/image-embedding";

  @TempDir static Path image;
  private static Path root;
  private static ContainerRecipe recipe;

  @TempDir Path folder;
  private Path state;

  @BeforeAll
  static void layOut() throws Exception {
    Sandbox.requireOrSkip();
    Path flink = DeployTools.flink();
    recipe = ContainerRecipe.of("job");
    root = image.resolve("root");
    lay(root);
    run("cp", "-R", "-n", flink + "/.", root.resolve("opt/flink").toString());
    Files.createDirectory(root.resolve("etc"));
    for (String made : recipe.writable()) {
      Files.createDirectories(root.resolve(made.substring(1)));
    }
    Files.writeString(
        root.resolve("etc/passwd"), "flink:x:%1$s:%1$s::/:/bin/sh\n".formatted(recipe.user()));
  }

  @BeforeEach
  void newVolume() throws Exception {
    state = folder.resolve("state");
    run("cp", "-R", root.resolve(STATE.substring(1)).toString(), state.toString());
  }

  @Test
  void anImageIsEmbeddedByContainersThatCannotWriteToTheirRoot() throws Exception {
    assertThat(recipe.user()).isEqualTo("9999");
    try (BrokerProcess broker = BrokerProcess.start(folder.resolve("broker.log"))) {
      TestTopics topics = new TestTopics(broker.bootstrapServers(), 2);
      topics.publish(0, IMAGES, IMAGES / BROKEN);
      int rest = FreePort.find();
      int rpc = FreePort.find();
      int metrics = FreePort.find();
      Path job = Files.writeString(folder.resolve("job.yaml"), yaml(topics));
      Sandbox jobManager =
          sandbox("jobmanager")
              .read(job, "/etc/image-embedding/job.yaml")
              .with("REST_PORT", String.valueOf(rest));
      Sandbox taskManager = sandbox("taskmanager").with("METRICS_PORT", String.valueOf(metrics));
      assertThat(check(jobManager).lastLine()).contains("no process has been started");

      try (ChildProcess master = start(jobManager, "jobmanager", rest, rpc, FreePort.find());
          ChildProcess worker = start(taskManager, "taskmanager", rest, rpc, metrics)) {
        Awaitility.await()
            .atMost(Duration.ofMinutes(2))
            .until(() -> !master.isAlive() || !worker.isAlive() || topics.keys().size() >= IMAGES);
        assertThat(topics.keys())
            .as(log())
            .containsExactlyInAnyOrderElementsOf(
                IntStream.range(0, IMAGES).mapToObj(TestTopics::id).toList());
        assertThat(topics.committed(topics.deadLetters())).hasSize(BROKEN);
        assertThat(check(jobManager).exitCode()).isZero();
        assertThat(check(taskManager).exitCode()).isZero();
        onlyWhatIsNamedIsWritten();

        worker.kill();
        assertThat(check(taskManager).exitCode()).isEqualTo(1);
        Awaitility.await()
            .atMost(Duration.ofMinutes(1))
            .until(() -> check(jobManager).exitCode() == 1);
      }
      assertThat(log())
          .doesNotContain("Read-only file system")
          .doesNotContain("Permission denied")
          .doesNotContain("the name 'pendingCommittables'");
    }
  }

  @Test
  void aContainerWithoutOptionsOfAJobSaysWhichFileIsMissing() throws Exception {
    List<String> command = new ArrayList<>(recipe.entryPoint());
    command.add("jobmanager");

    Ended ended = sandbox("jobmanager").run(folder, command);

    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.err()).contains("there is no /etc/image-embedding/job.yaml");
  }

  @Test
  void anImageHasTheSameFilesWheneverItIsLaidOut() throws Exception {
    Path again = folder.resolve("again");
    lay(again);

    List<Path> files = files(again);
    assertThat(files).hasSizeGreaterThan(10);
    for (Path file : files) {
      assertThat(Files.mismatch(file, root.resolve(again.relativize(file))))
          .as("%s", file)
          .isEqualTo(-1);
      assertThat(Files.getLastModifiedTime(file).to(TimeUnit.SECONDS)).isEqualTo(EPOCH);
    }
    Path bom = JavaProcess.project().resolve("jobs/cli/target/bom.json");
    assertThat(Files.exists(again.resolve("opt/image-embedding/sbom.cdx.json")))
        .isEqualTo(Files.exists(bom));
  }

  private ChildProcess start(Sandbox container, String role, int rest, int rpc, int metrics)
      throws IOException {
    List<String> command = new ArrayList<>(recipe.entryPoint());
    command.add(role);
    Map<String, String> settings =
        Map.of(
            "jobmanager.rpc.address",
            "localhost",
            "jobmanager.rpc.port",
            String.valueOf(rpc),
            "rest.address",
            "localhost",
            "rest.port",
            String.valueOf(rest),
            "taskmanager.host",
            "localhost",
            "metrics.reporter.prometheus.port",
            String.valueOf(metrics));
    settings.forEach((key, value) -> command.addAll(List.of("-D", key + "=" + value)));
    return container.start(role, folder.resolve(role + ".log"), command);
  }

  private Ended check(Sandbox container) throws IOException, InterruptedException {
    return container.run(folder, recipe.check());
  }

  private Sandbox sandbox(String role) throws IOException {
    Path tmp = Files.createDirectories(folder.resolve(role + "-tmp"));
    return new Sandbox(root, recipe.user(), recipe.environment())
        .write(tmp, "/tmp")
        .write(state, STATE);
  }

  /** Of TensorFlow's 680 MB nothing is unpacked. */
  private void onlyWhatIsNamedIsWritten() throws IOException {
    for (String role : List.of("jobmanager", "taskmanager")) {
      try (Stream<Path> files = Files.walk(folder.resolve(role + "-tmp"))) {
        assertThat(files.map(file -> file.getFileName().toString()))
            .contains("image-embedding-role")
            .noneMatch(name -> name.contains("tensorflow") || name.contains("jnidispatch"));
      }
    }
    try (Stream<Path> files = Files.list(state)) {
      assertThat(files.map(file -> STATE + "/" + file.getFileName())).isSubsetOf(recipe.writable());
    }
    assertThat(state.resolve("checkpoints")).isNotEmptyDirectory();
  }

  private String log() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String role : List.of("jobmanager", "taskmanager")) {
      all.append(Files.readString(folder.resolve(role + ".log")));
    }
    return all.toString();
  }

  private static String yaml(TestTopics topics) {
    StringBuilder yaml = new StringBuilder();
    topics
        .options()
        .forEach((key, value) -> yaml.append(key).append(": ").append(value).append('\n'));
    return yaml.toString();
  }

  private static List<Path> files(Path below) throws IOException {
    try (Stream<Path> files = Files.walk(below)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private static void lay(Path where) throws IOException, InterruptedException {
    Path script = JavaProcess.project().resolve("deploy/container/layout.sh");
    Map<String, String> environment =
        Map.of(
            "SOURCE_DATE_EPOCH",
            String.valueOf(EPOCH),
            "JAVA_HOME",
            System.getProperty("java.home"));
    succeeds(environment, script.toString(), "job", where.toString());
  }

  private static void run(String... command) throws IOException, InterruptedException {
    succeeds(Map.of(), command);
  }

  private static void succeeds(Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Ended ended = JavaProcess.run(image, environment, command);
    assertThat(ended.exitCode()).as(ended.err()).isZero();
  }
}
