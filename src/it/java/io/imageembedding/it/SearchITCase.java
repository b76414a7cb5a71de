// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.cli.Embed;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.testing.TestData;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Photos that are put into a store by the command line, and found again. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SearchITCase {
  private static final int PICTURES = 40;
  private static final String STORE = "lucene:store";
  @TempDir static Path folder;

  @BeforeAll
  static void index() throws Exception {
    Ended index =
        embed("index", "--json", "--store", STORE, TestData.path("finetune/images").toString());
    assertThat(index.exitCode()).as(index.err()).isZero();
    JsonNode counts = new ObjectMapper().readTree(index.lastLine());
    assertThat(counts.get("written").asInt()).isEqualTo(PICTURES);
  }

  @Test
  void theNearestOtherPictureIsOfTheSameClass() throws IOException {
    int same = 0;
    try (VectorStore store =
            VectorStore.open("lucene:" + folder.resolve("store"), OpenMode.read());
        Stream<Path> files = Files.walk(TestData.path("finetune/images"))) {
      List<Path> pictures = files.filter(file -> file.toString().endsWith(".jpg")).toList();
      assertThat(pictures).hasSize(PICTURES);
      for (Path picture : pictures) {
        String label = picture.getParent().getFileName().toString();
        String id = label + "/" + picture.getFileName();
        float[] vector = store.get(id).orElseThrow().vector();
        List<Hit> hits = store.search(vector, 2, Filter.NONE);
        assertThat(hits.get(0).id()).isEqualTo(id);
        same += hits.get(1).id().startsWith(label + "/") ? 1 : 0;
      }
    }
    assertThat(same).isGreaterThanOrEqualTo(36);
  }

  @Test
  void anImageFileFindsWhatItShows() throws Exception {
    Ended search =
        embed(
            "search",
            "--json",
            "-k",
            "3",
            "--store",
            STORE,
            "--image",
            TestData.path("images/photos/parrot.jpg").toString());

    assertThat(search.exitCode()).as(search.err()).isZero();
    assertThat(search.out()).hasSize(3);
    JsonNode best = new ObjectMapper().readTree(search.out().get(0));
    assertThat(best.get("id").asText()).startsWith("parrot/");
    assertThat(best.get("cosine").asDouble()).isBetween(0.7, 1.0);
    assertThat(best.get("uri").asText()).startsWith("file:");
  }

  @Test
  void whatWasFoundIsAPageInOneFile() throws Exception {
    Ended search =
        embed(
            "search",
            "-k",
            "4",
            "--store",
            STORE,
            "--id",
            "cat/1.jpg",
            "--html",
            "pages/found.html");

    assertThat(search.exitCode()).as(search.err()).isZero();
    String html = Files.readString(folder.resolve("pages/found.html"));
    assertThat(html.split("src=\"data:image/jpeg;base64,", -1)).hasSize(1 + 5);
    assertThat(html)
        .contains("mobilenet_v2_1.0_224 (SHA-256 ", "finetune/images/cat/1.jpg", "jpeg 256x256")
        .containsPattern("cat/\\d.jpg 0\\.\\d{4}")
        .doesNotContain("http:", "https:", "<script");
  }

  @Test
  void aPageThatCannotBeIsOneLine() throws Exception {
    assertThat(serve("lucene:nowhere").err()).contains("there is no store lucene:nowhere");
    assertThat(serve(STORE, "--model", "untrained:mobilenet_v2_0.35_96").err())
        .contains("mobilenet_v2_1.0_224", "mobilenet_v2_0.35_96");
    assertThat(serve(STORE, "--images", "nowhere").err())
        .contains("--images: there is no folder nowhere");
    Path token = Files.writeString(folder.resolve("token"), "correct-horse-battery");
    assertThat(serve(STORE, "--bind", "192.0.2.1", "--token-file", token.toString()).err())
        .contains("--port: 192.0.2.1:8090 cannot be listened to");
  }

  private static Ended serve(String store, String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("serve", "--store", store));
    arguments.addAll(List.of(options));
    Ended ended = embed(arguments.toArray(String[]::new));
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.err()).doesNotContain("\tat ");
    return ended;
  }

  @Test
  void whatIsThereAlreadyIsNotWrittenAgain() throws Exception {
    Ended again =
        embed("index", "--json", "--store", STORE, TestData.path("finetune/images").toString());

    JsonNode counts = new ObjectMapper().readTree(again.lastLine());
    assertThat(counts.get("written").asInt()).isZero();
    assertThat(counts.get("unchanged").asInt()).isEqualTo(PICTURES);
  }

  @Test
  void anotherModelIsRefusedNamingBoth() throws Exception {
    Ended search =
        embed(
            "search",
            "--store",
            STORE,
            "--model",
            "untrained:mobilenet_v2_0.35_96",
            "--image",
            TestData.path("images/photos/parrot.jpg").toString());

    assertThat(search.exitCode()).isEqualTo(1);
    assertThat(search.err())
        .contains("mobilenet_v2_1.0_224", "mobilenet_v2_0.35_96")
        .doesNotContain("\tat ");
  }

  @Test
  void aStoreThatIsNotThereIsOneLine() throws Exception {
    Ended search = embed("search", "--store", "lucene:nowhere", "--id", "x");

    assertThat(search.exitCode()).isEqualTo(1);
    assertThat(search.err()).contains("there is no store lucene:nowhere").doesNotContain("\tat ");
    assertThat(folder.resolve("nowhere")).doesNotExist();
  }

  private static Ended embed(String... arguments) throws IOException, InterruptedException {
    return JavaProcess.run(
        folder,
        Map.of(),
        JavaProcess.command(Embed.class, List.of(arguments)).toArray(String[]::new));
  }
}
