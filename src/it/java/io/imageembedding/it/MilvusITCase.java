// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.cli.Embed;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.testing.TestData;
import io.imageembedding.vectorstore.milvus.TestingMilvus;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The store that is an artifact of its own, from the command line. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MilvusITCase {

  /** What only this store brings. */
  private static final Pattern APART =
      Pattern.compile(
          "(image-embedding-vectorstore-milvus|milvus-sdk|okhttp|okio|kotlin|gson|guava).*");

  @TempDir static Path folder;

  private static TestingMilvus server;
  private static String store;

  @BeforeAll
  static void startServer() throws Exception {
    server = TestingMilvus.start();
    store = server.address() + "?collection=photos";
    Ended index =
        embed(
            classpath(),
            "index",
            "--json",
            "--store",
            store,
            TestData.path("finetune/images").toString());
    assertThat(index.exitCode()).as(index.err()).isZero();
    assertThat(new ObjectMapper().readTree(index.lastLine()).get("written").asInt()).isEqualTo(40);
    assertThat(index.err()).doesNotContain("ERROR");
  }

  @AfterAll
  static void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void anImageFileFindsWhatItShows() throws Exception {
    Ended search =
        embed(
            classpath(),
            "search",
            "--json",
            "-k",
            "3",
            "--store",
            store,
            "--image",
            TestData.path("images/photos/parrot.jpg").toString());

    assertThat(search.exitCode()).as(search.err()).isZero();
    assertThat(search.out()).hasSize(3);
    JsonNode best = new ObjectMapper().readTree(search.out().get(0));
    assertThat(best.get("id").asText()).startsWith("parrot/");
    assertThat(best.get("cosine").asDouble()).isBetween(0.7, 1.0);
  }

  @Test
  void aClusterNeedsTheOneJarOnly() throws Exception {
    Path jar =
        JavaProcess.project()
            .resolve(
                "operators/vectorstore-milvus/target/image-embedding-vectorstore-milvus-cluster.jar");
    Ended describe =
        embed(without(APART) + File.pathSeparator + jar, "store", "describe", "--json", store);

    assertThat(describe.exitCode()).as(describe.err()).isZero();
    JsonNode is = new ObjectMapper().readTree(describe.lastLine());
    assertThat(is.get("vectors").asInt()).isEqualTo(40);
    assertThat(is.get("dimension").asInt()).isEqualTo(1280);
  }

  @Test
  void withoutTheArtifactTheErrorSaysWhatIsMissing() throws Exception {
    Ended describe = embed(without(APART), "store", "describe", store);

    assertThat(describe.exitCode()).isEqualTo(2);
    assertThat(describe.err().lines().toList())
        .hasSize(2)
        .first()
        .asString()
        .contains("image-embedding-vectorstore-milvus, which is missing on the class path");
  }

  @Test
  void theJobsJarDoesNotCarryTheClient() throws IOException {
    try (JarFile jar =
        new JarFile(
            JavaProcess.project().resolve("jobs/stream/target/image-embedding-job.jar").toFile())) {
      assertThat(jar.stream().map(Object::toString)).noneMatch(name -> name.contains("milvus"));
    }
  }

  private static String classpath() {
    return System.getProperty("java.class.path");
  }

  private static String without(Pattern entries) {
    return Arrays.stream(classpath().split(File.pathSeparator))
        .filter(entry -> !entries.matcher(Path.of(entry).getFileName().toString()).matches())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static Ended embed(String classpath, String... arguments)
      throws IOException, InterruptedException {
    return JavaProcess.run(
        folder,
        Map.of(),
        JavaProcess.command(classpath, Embed.class.getName(), List.of(arguments))
            .toArray(String[]::new));
  }
}
