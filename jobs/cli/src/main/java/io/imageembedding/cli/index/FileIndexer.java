// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.index;

import io.imageembedding.cli.output.Result;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.annotation.Internal;

/**
 * Puts files into a store under their ids. An id belongs to the file that it came from: the same
 * file replaces what is there when it has changed, another file only where it is told to.
 */
@Internal
public final class FileIndexer {
  private final VectorStore store;
  private final Indexing indexing;
  private final ImageEmbedder embedder;
  private final DecodeLimits limits;
  private final boolean replaces;
  private long replaced;

  /** A file that may have to be written, with what is under its id. */
  private record Candidate(ImageFile file, long changedAt, Optional<StoredVector> held) {

    /** Whether what is there was made of this file. */
    private boolean isOwn() {
      return held.isPresent() && isSame(held.get().image().uri(), file.file());
    }
  }

  /**
   * @param limits that a file must respect
   * @param replaces whether a file takes an id that another file has
   */
  public FileIndexer(
      VectorStore store,
      Indexing indexing,
      ImageEmbedder embedder,
      DecodeLimits limits,
      boolean replaces) {
    this.store = store;
    this.indexing = indexing;
    this.embedder = embedder;
    this.limits = limits;
    this.replaces = replaces;
  }

  public void index(List<ImageFile> files) throws IOException {
    List<Candidate> candidates = new ArrayList<>();
    for (ImageFile file : files) {
      candidate(file).ifPresent(candidates::add);
    }
    List<Outcome> outcomes =
        embedder.embed(
            candidates.size(), i -> ImageFile.read(candidates.get(i).file().file(), limits));
    List<StoredVector> found = new ArrayList<>();
    for (int i = 0; i < candidates.size(); i++) {
      Candidate candidate = candidates.get(i);
      if (outcomes.get(i) instanceof Embedding embedding) {
        vector(candidate, embedding).ifPresent(found::add);
      } else {
        indexing.refused(candidate.file().id(), Result.of("", outcomes.get(i)).summary());
      }
    }
    indexing.write(found);
  }

  /** Files whose vectors took the place of those that were there before. */
  public long replaced() {
    return replaced;
  }

  private Optional<Candidate> candidate(ImageFile file) throws IOException {
    Candidate candidate =
        new Candidate(
            file, Files.getLastModifiedTime(file.file()).toMillis(), store.get(file.id()));
    if (candidate.held().isEmpty()) {
      return Optional.of(candidate);
    }
    StoredVector held = candidate.held().get();
    if (!candidate.isOwn()) {
      if (!replaces) {
        String from = held.image().uri();
        indexing.refused(
            file.id(),
            "it is in the store already, from "
                + (from == null ? "elsewhere" : from)
                + "; --replace puts "
                + file.file()
                + " in its place");
        return Optional.empty();
      }
    } else if (held.version().equals(Version.at(candidate.changedAt()))) {
      indexing.unchanged(1);
      return Optional.empty();
    }
    return Optional.of(candidate);
  }

  /**
   * Newer is what was changed later. A file that was put back in an older state, or in place of a
   * newer one, is as new as it has to be.
   */
  private Optional<StoredVector> vector(Candidate candidate, Embedding embedding) {
    long time = candidate.changedAt();
    if (candidate.held().isPresent()) {
      StoredVector held = candidate.held().get();
      if (candidate.isOwn()
          && time < held.version().timestamp()
          && Arrays.equals(held.vector(), embedding.vector())) {
        indexing.unchanged(1);
        return Optional.empty();
      }
      replaced++;
      time = Math.max(time, held.version().timestamp() + 1);
    }
    return Optional.of(
        StoredVector.of(
            candidate.file().id(),
            embedding,
            Version.at(time),
            uri(candidate.file().file()),
            null,
            Map.of()));
  }

  private static String uri(Path file) {
    return file.toAbsolutePath().normalize().toUri().toString();
  }

  private static boolean isSame(String uri, Path file) {
    if (uri == null || uri.equals(uri(file))) {
      return uri != null;
    }
    try {
      return uri.startsWith("file:") && Files.isSameFile(Path.of(URI.create(uri)), file);
    } catch (IllegalArgumentException | IOException e) {
      // What is not there, or never was a file of this machine, is another one.
      return false;
    }
  }
}
