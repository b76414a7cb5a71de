// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.jobs.cli.Embed;
import io.imageembedding.testing.TestData;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
