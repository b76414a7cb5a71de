// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.ModelSource;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileIndexerTest {
  private static ImageEmbedder embedder;

  @TempDir Path folder;

  private VectorStore store;

  /** What became of one call. */
  private record Ended(long written, long replaced, long unchanged, long refused, String err) {}

  @BeforeAll
  static void loadModel() {
    embedder =
        new ImageEmbedder(
            ModelSource.parse("untrained:mobilenet_v2_0.35_96"),
            new EmbedSettings(Preprocessing.REFERENCE, DecodeLimits.DEFAULT, 8, 1, 0));
  }

  @AfterAll
  static void closeModel() {
    embedder.close();
  }

  @BeforeEach
  void newStore() {
    store = VectorStore.open("lucene:" + folder.resolve("store"), OpenMode.write(0));
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  private void image(String name, int colour, long changedAt) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    BufferedImage image = new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 400; i++) {
      image.setRGB(i % 20, i / 20, colour * (i + 1));
    }
    ImageIO.write(image, "png", file.toFile());
    Files.setLastModifiedTime(file, FileTime.fromMillis(changedAt));
  }

  private Ended index(String name, boolean replaces) throws IOException {
    StringWriter err = new StringWriter();
    Indexing indexing = new Indexing(store, new PrintWriter(err, true));
    FileIndexer indexer =
        new FileIndexer(store, indexing, embedder, DecodeLimits.DEFAULT, replaces);
    indexer.index(ImageFile.below(List.of(folder.resolve(name)), indexing::refused));
    store.commit();
    return new Ended(
        indexing.written(),
        indexer.replaced(),
        indexing.unchanged(),
        indexing.refused(),
        err.toString());
  }

  private StoredVector held(String id) {
    return store.get(id).orElseThrow();
  }

  private String uri(String file) {
    return folder.resolve(file).toUri().toString();
  }

  @Test
  void aFileOfAnotherFolderWithTheSamePathIsRefusedByNameAndTheOthersGoOn() throws IOException {
    image("a/x.png", 1000, 10_000);
    image("b/x.png", 77, 20_000);
    image("b/y.png", 99, 20_000);
    index("a", false);
    StoredVector first = held("x.png");

    Ended second = index("b", false);

    assertThat(second)
        .usingRecursiveComparison()
        .ignoringFields("err")
        .isEqualTo(new Ended(1, 0, 0, 1, ""));
    assertThat(second.err())
        .startsWith("x.png: it is in the store already, from " + uri("a/x.png"))
        .contains("--replace puts " + folder.resolve("b/x.png"));
    assertThat(held("x.png")).isEqualTo(first);
    assertThat(held("y.png").image().uri()).isEqualTo(uri("b/y.png"));
  }

  @Test
  void whereItIsToldToAFileTakesThePlaceOfAnotherThoughItIsOlderAndIsCounted() throws IOException {
    image("a/x.png", 1000, 20_000);
    image("b/x.png", 77, 10_000);
    index("a", false);
    StoredVector first = held("x.png");

    assertThat(index("b", true)).isEqualTo(new Ended(1, 1, 0, 0, ""));
    assertThat(held("x.png").image().uri()).isEqualTo(uri("b/x.png"));
    assertThat(held("x.png").vector()).isNotEqualTo(first.vector());
    assertThat(index("b", true)).isEqualTo(new Ended(0, 0, 1, 0, ""));
    assertThat(index("b", false)).isEqualTo(new Ended(0, 0, 1, 0, ""));
  }

  @Test
  void aFileThatHasChangedReplacesWhatItWasAndIsCountedAlsoWhenItWasPutBack() throws IOException {
    image("a/x.png", 1000, 20_000);
    assertThat(index("a", false)).isEqualTo(new Ended(1, 0, 0, 0, ""));
    StoredVector first = held("x.png");
    assertThat(index("a", false)).isEqualTo(new Ended(0, 0, 1, 0, ""));

    image("a/x.png", 77, 30_000);
    assertThat(index("a", false)).isEqualTo(new Ended(1, 1, 0, 0, ""));
    assertThat(held("x.png").vector()).isNotEqualTo(first.vector());

    image("a/x.png", 1000, 20_000);
    assertThat(index("a", false)).isEqualTo(new Ended(1, 1, 0, 0, ""));
    assertThat(held("x.png").vector()).isEqualTo(first.vector());
    assertThat(index("a", false)).isEqualTo(new Ended(0, 0, 1, 0, ""));
  }

  @Test
  void theSameFolderByAnotherNameIsTheSame() throws IOException {
    image("a/x.png", 1000, 10_000);
    index("a", false);
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("a"));

    assertThat(index("link", false)).isEqualTo(new Ended(0, 0, 1, 0, ""));
  }
}
