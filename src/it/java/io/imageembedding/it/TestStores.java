// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.cli.Embed;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.it.JavaProcess.Ended;
import io.imageembedding.schema.EmbeddingFields;
import io.imageembedding.schema.EmbeddingRecord;
import io.imageembedding.schema.RecordReader;
import io.imageembedding.schema.RecordWriter;
import io.imageembedding.schema.SourceHeader;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Stores of a test in its folder, filled by jobs and by the command line from its topics. */
final class TestStores {
  private final Path folder;
  private final String servers;
  private final TestTopics topics;

  TestStores(Path folder, String servers, TestTopics topics) {
    this.folder = folder;
    this.servers = servers;
    this.topics = topics;
  }

  /** The options of a job between the topics that feeds the store at {@link #address}. */
  Map<String, String> options() {
    Map<String, String> options = topics.options();
    options.put("image-embedding.store.address", address());
    return options;
  }

  String address() {
    return "lucene:" + folder.resolve("store");
  }

  /** What a store has, in the order of ids; nothing as long as there is none. */
  List<StoredVector> all(String store) {
    try (VectorStore vectors =
        VectorStore.open("lucene:" + folder.resolve(store), OpenMode.read())) {
      return vectors.scan(null, 10_000);
    } catch (StoreException e) {
      return List.of();
    }
  }

  static List<String> ids(VectorStore store) {
    return store.scan(null, 10_000).stream().map(StoredVector::id).toList();
  }

  /** Fills a store from a topic; the counts that are printed. */
  JsonNode index(int exitCode, String topic, String store, String... more)
      throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(List.of("index", "--json", "--topic", topic, servers()));
    arguments.addAll(List.of("--store", "lucene:" + store));
    arguments.addAll(List.of(more));
    Ended ended = embed(arguments.toArray(String[]::new));
    assertThat(ended.exitCode()).as(ended.err()).isEqualTo(exitCode);
    return new ObjectMapper().readTree(ended.lastLine());
  }

  /** The option that names the broker. */
  String servers() {
    return "--bootstrap-servers=" + servers;
  }

  /** Starts a command in the folder, with its output in files of that name there. */
  Process start(String name, String... arguments) throws IOException {
    return new ProcessBuilder(JavaProcess.command(Embed.class, List.of(arguments)))
        .directory(folder.toFile())
        .redirectOutput(folder.resolve(name + ".out").toFile())
        .redirectError(folder.resolve(name + ".err").toFile())
        .start();
  }

  /** Runs a command in the folder. */
  Ended embed(String... arguments) throws IOException, InterruptedException {
    return JavaProcess.run(
        folder,
        Map.of(),
        JavaProcess.command(Embed.class, List.of(arguments)).toArray(String[]::new));
  }

  /** A message as the job writes it for an image. */
  static byte[] message(String id, long timestamp, float... vector) throws IOException {
    return RecordWriter.embeddings(WireFormat.AVRO, null, "t")
        .write(
            new EmbeddingFields(
                id,
                new Embedding(
                    vector,
                    new ImageInfo("jpeg", 640, 427),
                    new Provenance("mine", "ab".repeat(32), "fp32", "way", "cd".repeat(32))),
                new SourcePosition("images", 0, timestamp, timestamp),
                null,
                Map.of()));
  }

  static EmbeddingRecord embedding(ConsumerRecord<byte[], byte[]> record) {
    try {
      return RecordReader.embeddings(WireFormat.AVRO, null).read(record.value());
    } catch (Exception e) {
      throw new AssertionError("no embedding", e);
    }
  }

  /** Where the image of an answer came from. */
  static SourcePosition source(ConsumerRecord<byte[], byte[]> record) {
    return record.value() != null
        ? EmbeddingFields.of(embedding(record)).source()
        : SourceHeader.read(record.headers().lastHeader(SourceHeader.KEY).value()).orElseThrow();
  }

  /** Where a message is itself. */
  static SourcePosition ownSource(ConsumerRecord<byte[], byte[]> record) {
    return new SourcePosition(
        record.topic(), record.partition(), record.offset(), record.timestamp());
  }
}
