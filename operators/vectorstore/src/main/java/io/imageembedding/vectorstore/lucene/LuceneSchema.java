// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Similarity;
import io.imageembedding.vectorstore.StoreException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a store's vectors have in common, in a file beside the shards: written once, whole or not at
 * all, by the first of the writers. Every commit of a shard repeats it.
 */
final class LuceneSchema {
  private static final String NAME = "collection.json";
  private static final String FORMAT = "format";
  private static final String FORMAT_VERSION = "1";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String store;
  private final Path file;

  LuceneSchema(String store, Path root) {
    this.store = store;
    file = root.resolve(NAME);
  }

  Optional<CollectionSpec> read() throws IOException {
    try {
      return Optional.of(
          decode(store, JSON.readerForMapOf(String.class).readValue(Files.readAllBytes(file))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JsonProcessingException e) {
      throw new StoreException(file + " is damaged: " + e.getOriginalMessage(), e);
    }
  }

  /** Of a store that has vectors and no description of them. */
  static StoreException missing(String store) {
    return new StoreException(store + " is damaged: its description is missing");
  }

  /** Writes the file unless another writer did; what it says then. */
  CollectionSpec create(CollectionSpec collection) throws IOException {
    Path whole = Files.createTempFile(file.getParent(), "collection", ".tmp");
    try {
      Files.write(whole, JSON.writeValueAsBytes(encode(collection)));
      sync(whole);
      // A link, not a move: it never replaces what another writer made in the meantime.
      Files.createLink(file, whole);
      sync(file.getParent());
    } catch (FileAlreadyExistsException e) {
      return read().orElseThrow();
    } finally {
      Files.delete(whole);
    }
    return collection;
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  static Map<String, String> encode(CollectionSpec collection) {
    Map<String, String> map = new TreeMap<>();
    map.put(FORMAT, FORMAT_VERSION);
    map.put("dimension", String.valueOf(collection.dimension()));
    map.put("metric", collection.metric().id());
    map.put("vectorSpace", collection.space().vectorSpace());
    map.put("model", collection.space().model());
    map.put("sha256", collection.space().sha256());
    map.put("precision", collection.space().precision());
    map.put("preprocessing", collection.space().preprocessing());
    return map;
  }

  static CollectionSpec decode(String store, Map<String, String> map) {
    if (!FORMAT_VERSION.equals(map.get(FORMAT))) {
      throw new StoreException(
          store
              + " has format "
              + map.get(FORMAT)
              + "; this version reads format "
              + FORMAT_VERSION);
    }
    return new CollectionSpec(
        Integer.parseInt(map.get("dimension")),
        Similarity.parse(map.get("metric")),
        new Provenance(
            map.get("model"),
            map.get("sha256"),
            map.get("precision"),
            map.get("preprocessing"),
            map.get("vectorSpace")));
  }
}
