// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreCommandTest {
  private static final int DIMENSION = 64;
  private static final int COUNT = 1500;

  @TempDir static Path folder;

  private record Ended(int exitCode, String out, String err) {
    JsonNode json() throws IOException {
      return new ObjectMapper().readTree(out);
    }
  }

  private static String address(String name) {
    return "lucene:" + folder.resolve(name);
  }

  @BeforeAll
  static void fillStores() {
    fill("full", "testing", COUNT);
    fill("other", "another", 1);
  }

  private static void fill(String name, String model, int count) {
    Provenance space = new Provenance(model, "a", "fp32", "reference", model);
    Random random = new Random(1);
    List<StoredVector> vectors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] vector = new float[DIMENSION];
      for (int j = 0; j < DIMENSION; j++) {
        vector[j] = (float) random.nextGaussian();
      }
      Map<String, String> shop = Map.of("shop", i % 20 == 0 ? "few" : "many");
      ImageMetadata image = new ImageMetadata(new ImageInfo("png", 1, 1), null, null, shop);
      vectors.add(new StoredVector("id-" + i, vector, space, Version.at(i), image));
    }
    try (VectorStore store = VectorStore.open(address(name), OpenMode.write(0))) {
      store.upsert(vectors);
    }
  }

  private static Ended embed(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        Embed.newCommandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments);
    return new Ended(exitCode, out.toString(), err.toString());
  }

  @Test
  void describeTakesTheAddressAndSaysWhatTheStoreHolds() throws IOException {
    Ended people = embed("store", "describe", address("full"));
    assertThat(people.exitCode()).as(people.err()).isZero();
    assertThat(people.out()).contains("1,500", "cosine", "testing (SHA-256 a, reference, fp32)");

    JsonNode json = embed("store", "describe", address("full"), "--json").json();
    assertThat(json.get("vectors").asInt()).isEqualTo(COUNT);
    assertThat(json.get("dimension").asInt()).isEqualTo(DIMENSION);
    assertThat(json.at("/space/model").asText()).isEqualTo("testing");
  }

  @Test
  void verifyOfASoundStoreIsATableOrJsonAndExitsWithZero() throws IOException {
    Ended people = embed("store", "verify", address("full"));
    assertThat(people.exitCode()).as(people.err()).isZero();
    assertThat(people.out())
        .containsPattern("vectors +1,500")
        .containsPattern("dimension +64")
        .containsPattern("space +testing ")
        .containsPattern("unusable +0")
        .containsPattern("recall@10 +(1\\.0|0\\.9[5-9])\\d* of 100 searches")
        .containsPattern("with a filter +(1\\.0|0\\.9[5-9])")
        .containsPattern("sound +yes");

    Ended programs = embed("store", "verify", address("full"), "--sample", "20", "--json");
    assertThat(programs.exitCode()).as(programs.err()).isZero();
    assertThat(programs.json().get("verified").asBoolean()).isTrue();
    assertThat(programs.json().get("vectors").asInt()).isEqualTo(COUNT);
    assertThat(programs.json().get("sampled").asInt()).isEqualTo(20);
    assertThat(programs.json().get("recall").asDouble()).isBetween(0.95, 1.0);
    assertThat(programs.json().get("filteredRecall").asDouble()).isBetween(0.95, 1.0);
    assertThat(programs.json().get("faults")).isEmpty();
  }

  @Test
  void verifyOfAnIndexThatFindsTooLittleExitsWithOneAndOneLine() throws IOException {
    String narrow = address("full") + "?ef-search=1";
    Ended ended = embed("store", "verify", narrow, "--least-recall", "1", "--json");

    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.json().get("verified").asBoolean()).isFalse();
    assertThat(ended.err().strip())
        .startsWith("embed: " + address("full") + ": recall@10 is 0.")
        .endsWith("needed: 1.0")
        .doesNotContain("\n");
  }

  @Test
  void copyMakesAStoreThatVerifiesAndASecondCopyChangesNothing() throws IOException {
    Ended first = embed("store", "copy", address("full"), address("copy"), "--json");
    assertThat(first.exitCode()).as(first.err()).isZero();
    assertThat(first.json().get("written").asInt()).isEqualTo(COUNT);

    Ended again = embed("store", "copy", address("full"), address("copy"));
    assertThat(again.exitCode()).as(again.err()).isZero();
    assertThat(again.out())
        .isEqualToIgnoringNewLines(
            "copied 0 of 1500 vectors, 1500 unchanged, 0 refused, into " + address("copy"));
    assertThat(embed("store", "verify", address("copy")).exitCode()).isZero();
  }

  @Test
  void copyIntoAStoreOfAnotherModelIsOneLineNamingBoth() {
    Ended ended = embed("store", "copy", address("full"), address("other"));

    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.err().strip())
        .contains(address("other"), "testing (SHA-256", "another (SHA-256")
        .doesNotContain("\n");
  }

  @Test
  void aFilterByAKeyThatNoImageHasSaysSo() {
    Ended ended =
        embed("search", "--store", address("full"), "--id", "id-1", "--filter", "shpo=few");

    assertThat(ended.exitCode()).isZero();
    assertThat(ended.err().strip())
        .isEqualTo(
            "--filter: none of the 1500 images of "
                + address("full")
                + " has 'shpo'; did you mean shop?");
    Ended other = embed("search", "--store", address("full"), "--id", "id-1", "--filter", "size=1");
    assertThat(other.err().strip())
        .endsWith(" has 'size'; they have format, partition, shop, topic");
    Ended known =
        embed("search", "--store", address("full"), "--id", "id-1", "--filter", "shop=no");
    assertThat(known.err()).isEmpty();
  }

  @Test
  void whatIsNotThereOrAllowedIsSaidInOneLine() {
    for (String command : List.of("describe", "verify")) {
      Ended nowhere = embed("store", command, address("nowhere"));
      assertThat(nowhere.exitCode()).isEqualTo(1);
      assertThat(nowhere.err().strip()).isEqualTo("embed: there is no store " + address("nowhere"));
    }
    assertThat(embed("store", "copy", address("full")).exitCode()).isEqualTo(2);
    Ended wrong = embed("store", "verify", address("full"), "--sample", "-1");
    assertThat(wrong.exitCode()).isEqualTo(2);
    assertThat(wrong.err()).contains("Invalid value for --sample: -1; allowed: 0 to 10000");
  }
}
