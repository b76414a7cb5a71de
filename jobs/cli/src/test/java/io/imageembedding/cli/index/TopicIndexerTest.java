// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.cli.output.Progress;
import io.imageembedding.cli.output.Result.Failure;
import io.imageembedding.cli.topic.TopicReader.Content;
import io.imageembedding.cli.topic.TopicReader.Letter;
import io.imageembedding.cli.topic.TopicReader.Message;
import io.imageembedding.cli.topic.TopicReader.Tombstone;
import io.imageembedding.cli.topic.TopicReader.Unreadable;
import io.imageembedding.cli.topic.TopicReader.Vector;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import me.tongfei.progressbar.ProgressBar;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopicIndexerTest {
  private static final String SPACE = "cd".repeat(32);
  private static final String OTHER_SPACE = "ef".repeat(32);

  @TempDir Path folder;
  private final StringWriter err = new StringWriter();
  private int offset;

  /** What a run over some contents counted. */
  private record Counts(long written, long deleted, long unchanged, long refused) {}

  @Test
  void theNewestOfAnIdIsKeptInWhateverOrderItComesAndHoweverOften() {
    Content[] contents = {
      vector("a", 2, 20),
      vector("a", 1, 10),
      vector("b", 1, 10),
      tombstone("b", 30),
      tombstone("c", 10),
      vector("c", 5, 20),
    };
    index(contents);

    assertThat(stored("a")).containsExactly(2, 1);
    assertThat(stored("b")).isNull();
    assertThat(stored("c")).containsExactly(5, 1);

    Counts again = index(contents);
    assertThat(again).isEqualTo(new Counts(0, 0, contents.length, 0));
    assertThat(stored("a")).containsExactly(2, 1);
  }

  @Test
  void deletionsBeforeTheFirstVectorWaitForIt() {
    Content[] contents = new Content[301];
    for (int i = 0; i < 300; i++) {
      contents[i] = tombstone("id-" + i, 30);
    }
    contents[300] = vector("id-7", 1, 10);
    index(contents);

    assertThat(stored("id-7")).isNull();
  }

  @Test
  void ofANewStoreThereIsNothingToDelete() {
    assertThat(index(tombstone("a", 10))).isEqualTo(new Counts(0, 0, 1, 0));
  }

  @Test
  void whatIsRefusedIsNamedAndTheRestIsWritten() {
    Counts counts =
        index(
            vector("a", 1, 10),
            new Vector(fields("other", new float[] {1, 1}, OTHER_SPACE, 10)),
            new Vector(fields("short", new float[] {1}, SPACE, 10)),
            new Vector(fields("zero", new float[] {0, 0}, SPACE, 10)),
            new Letter(
                "dead", new Failure("image", "CORRUPT", "no image"), source(10), Instant.EPOCH),
            new Unreadable("is no embedding"),
            new Tombstone(null, source(10)),
            vector("b", 1, 10));

    assertThat(counts).isEqualTo(new Counts(2, 0, 0, 6));
    assertThat(err.toString().lines())
        .anyMatch(line -> line.startsWith("other: the vector is of "))
        .anyMatch(line -> line.startsWith("short: the vector has 1 features"))
        .anyMatch(line -> line.startsWith("zero: the vector is 0.0 long"))
        .contains(
            "message t-0-4: a dead letter: image CORRUPT: no image",
            "message t-0-5: it is no embedding",
            "message t-0-6: it has no value, and its key is no id");
    assertThat(stored("b")).containsExactly(1, 1);
  }

  @Test
  void whatWasReadIsDurableWhenTheEndIsReachedThoughReadingGoesOn() {
    try (VectorStore store = VectorStore.open(address(), OpenMode.write(0));
        ProgressBar bar = Progress.bar("test", 0)) {
      TopicIndexer indexer =
          new TopicIndexer(store, new Indexing(store, new PrintWriter(err)), bar, true);
      indexer.accept(new Message(new SourcePosition("t", 0, 0, 10), vector("a", 1, 10)));
      indexer.progress(1, 2);
      assertThat(stored("a")).isNull();
      indexer.progress(2, 2);
      assertThat(stored("a")).containsExactly(1, 1);
    }
  }

  private Counts index(Content... contents) {
    try (VectorStore store = VectorStore.open(address(), OpenMode.write(0));
        ProgressBar bar = Progress.bar("test", 0)) {
      Indexing indexing = new Indexing(store, new PrintWriter(err));
      TopicIndexer indexer = new TopicIndexer(store, indexing, bar, false);
      for (Content content : contents) {
        indexer.accept(new Message(new SourcePosition("t", 0, offset++, 10), content));
      }
      indexer.finish();
      assertThat(indexer.messages()).isEqualTo(contents.length);
      return new Counts(
          indexing.written() - indexer.deleted(),
          indexer.deleted(),
          indexing.unchanged(),
          indexing.refused());
    }
  }

  private float[] stored(String id) {
    try (VectorStore store = VectorStore.open(address(), OpenMode.read())) {
      return store.get(id).map(found -> found.vector()).orElse(null);
    }
  }

  private String address() {
    return "lucene:" + folder.resolve("store");
  }

  private static Content vector(String id, float first, long timestamp) {
    return new Vector(fields(id, new float[] {first, 1}, SPACE, timestamp));
  }

  private static Content tombstone(String id, long timestamp) {
    return new Tombstone(id, source(timestamp));
  }

  private static SourcePosition source(long timestamp) {
    return new SourcePosition("images", 0, timestamp, timestamp);
  }

  private static EmbeddingFields fields(String id, float[] vector, String space, long timestamp) {
    return new EmbeddingFields(
        id,
        new Embedding(
            vector,
            new ImageInfo("jpeg", 640, 427),
            new Provenance("m", "ab".repeat(32), "fp32", "way", space)),
        source(timestamp),
        null,
        Map.of());
  }
}
