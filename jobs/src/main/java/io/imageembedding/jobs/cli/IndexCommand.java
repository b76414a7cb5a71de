// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.Embedding;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embed.Outcome;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.jobs.serve.QueryEmbedder;
import io.imageembedding.vectorstore.Collection;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.Metric;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.WriteResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "index",
    mixinStandardHelpOptions = true,
    description =
        "Embeds image files in this process and puts their vectors into a store, under their paths"
            + " below the folder that is named; what is there already and has not changed stays."
            + " Exits with 1 if any could not be embedded, after all others.")
final class IndexCommand implements Callable<Integer> {
  private static final int BATCH = 8;
  private static final int WRITTEN_AT_ONCE = 128;

  @Spec private CommandSpec spec;

  @Mixin private ModelChoice model;

  @Mixin private StoreChoice store;

  @Option(names = "--json", description = "One JSON object with the counts.")
  private boolean json;

  @Parameters(arity = "1..*", paramLabel = "PATH", description = "Files and folders.")
  private List<Path> paths;

  /** What became of the files, as {@code --json} prints it. */
  private record Counts(int files, int written, int unchanged, int refused) {}

  @Override
  public Integer call() throws IOException {
    List<ImageFile> files = ImageFile.below(paths);
    PrintWriter err = spec.commandLine().getErr();
    int written = 0;
    int unchanged = 0;
    int refused = 0;
    try (ImageEmbedder embedder =
            new ImageEmbedder(
                model.source(),
                new EmbedSettings(
                    Preprocessing.REFERENCE, DecodeLimits.DEFAULT, BATCH, model.topK(), 0));
        VectorStore vectors = store.open(OpenMode.write(0).expecting(collection(embedder)));
        ProgressBar progress = Progress.bar("indexing", files.size())) {
      for (int from = 0; from < files.size(); from += WRITTEN_AT_ONCE) {
        List<ImageFile> part = files.subList(from, Math.min(files.size(), from + WRITTEN_AT_ONCE));
        List<Outcome> outcomes =
            embedder.embed(part.size(), i -> ImageFile.read(part.get(i).file()));
        List<StoredVector> found = new ArrayList<>();
        for (int i = 0; i < part.size(); i++) {
          if (outcomes.get(i) instanceof Embedding embedding) {
            found.add(stored(part.get(i), embedding));
          } else {
            refused++;
            err.println(part.get(i).id() + ": " + Answer.of("", outcomes.get(i)).summary());
          }
        }
        WriteResult result = vectors.upsert(found);
        written += result.written();
        unchanged += result.stale();
        refused += result.refused().size();
        for (RefusedChange change : result.refused()) {
          err.println(change.id() + ": " + change.message());
        }
        progress.stepBy(part.size());
      }
      vectors.commit();
      vectors.optimize();
    }
    Counts counts = new Counts(files.size(), written, unchanged, refused);
    spec.commandLine()
        .getOut()
        .println(
            json
                ? Json.line(counts)
                : "indexed %d of %d files, %d unchanged, %d refused, in %s"
                    .formatted(written, files.size(), unchanged, refused, store));
    return refused > 0 ? ExitCode.SOFTWARE : ExitCode.OK;
  }

  private static Collection collection(ImageEmbedder embedder) {
    return new Collection(
        embedder.dimension(), Metric.COSINE, QueryEmbedder.space(embedder.provenance()));
  }

  /** Newer is what was changed later, so a file that has not changed is not written again. */
  private static StoredVector stored(ImageFile file, Embedding embedding) throws IOException {
    return new StoredVector(
        file.id(),
        embedding.vector(),
        QueryEmbedder.space(embedding.provenance()),
        Version.at(Files.getLastModifiedTime(file.file()).toMillis()),
        new ImageMetadata(
            file.file().toAbsolutePath().normalize().toUri().toString(),
            embedding.image().format(),
            embedding.image().width(),
            embedding.image().height(),
            null,
            Map.of()));
  }
}
