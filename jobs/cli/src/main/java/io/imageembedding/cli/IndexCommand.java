// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.index.FileIndexer;
import io.imageembedding.cli.index.ImageFile;
import io.imageembedding.cli.index.Indexing;
import io.imageembedding.cli.index.TopicIndexer;
import io.imageembedding.cli.output.Json;
import io.imageembedding.cli.output.Progress;
import io.imageembedding.cli.page.IndexedFolders;
import io.imageembedding.cli.topic.TopicReader;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.model.ModelSource;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "index",
    mixinStandardHelpOptions = true,
    description = {
      "Embeds image files in this process and puts their vectors into a store, under their paths"
          + " below the folder that is named; or puts the embeddings of a topic into it, and"
          + " deletes what its messages without a value delete. What is there already and has not"
          + " changed stays, so it may be started again at any time. A file that has changed"
          + " replaces what it was before; a file of another place with the same path below its"
          + " folder is refused, or with --replace takes its place.",
      "Exits with 1 if anything was refused, after all others."
    })
final class IndexCommand implements Callable<Integer> {
  private static final int BATCH = 8;
  private static final int WRITTEN_AT_ONCE = 128;
  private static final long PATIENCE_SECONDS = 30;

  @Spec private CommandSpec spec;

  @ArgGroup(exclusive = false, heading = ModelDetails.HEADING)
  private ModelChoice model = new ModelChoice();

  @ArgGroup(exclusive = false, heading = ImageChoice.HEADING)
  private ImageChoice images = new ImageChoice();

  @Mixin private StoreChoice store;

  @ArgGroup(exclusive = false, heading = "To read embeddings from a topic:%n")
  private TopicSource source;

  @Option(
      names = "--replace",
      description =
          "Files take the place of those of other folders whose paths below theirs are the same;"
              + " otherwise they are refused.")
  private boolean replace;

  @Option(names = "--json", description = "One JSON object with the counts.")
  private boolean json;

  @Parameters(arity = "0..*", paramLabel = "PATH", description = "Files and folders.")
  private List<Path> paths = List.of();

  /** What became of the files, as {@code --json} prints it. */
  private record FileCounts(
      long files, long written, long replaced, long unchanged, long refused) {}

  /** What became of the messages, as {@code --json} prints it. */
  private record MessageCounts(
      long messages, long written, long deleted, long unchanged, long refused) {}

  @Override
  public Integer call() throws IOException {
    if (paths.isEmpty() == (source == null)) {
      throw new ParameterException(
          spec.commandLine(), "Expected either files and folders or --topic");
    }
    if (source == null) {
      return indexFiles();
    }
    for (OptionSpec given : spec.commandLine().getParseResult().matchedOptions()) {
      if (isOfEmbedding(given)) {
        throw new ParameterException(
            spec.commandLine(),
            "Unused with --topic: " + given.longestName() + "; its vectors are made already");
      }
    }
    if (replace) {
      throw new ParameterException(
          spec.commandLine(), "Unused with --topic: --replace; the newest of an id wins there");
    }
    return indexTopic();
  }

  private static boolean isOfEmbedding(OptionSpec given) {
    return given.userObject() instanceof Field field
        && (ModelDetails.class.isAssignableFrom(field.getDeclaringClass())
            || field.getDeclaringClass() == ImageChoice.class);
  }

  private int indexFiles() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    ModelSource source = model.source(spec);
    EmbedSettings settings =
        new EmbedSettings(
            images.preprocessing(spec), images.limits(spec), BATCH, model.topK(spec), 0);
    List<String> unusable = new ArrayList<>();
    List<ImageFile> files = ImageFile.below(paths, (file, why) -> unusable.add(file + ": " + why));
    // Whether the store can be written to is known before a model is loaded.
    try (VectorStore vectors = store.open(OpenMode.write(0));
        ImageEmbedder embedder = new ImageEmbedder(source, settings)) {
      CollectionSpec wanted = collection(embedder);
      vectors.describe().collection().ifPresent(held -> wanted.requireSame(store.toString(), held));
      Indexing indexing = new Indexing(vectors, err);
      unusable.forEach(indexing::refused);
      FileIndexer indexer =
          new FileIndexer(vectors, indexing, embedder, settings.limits(), replace);
      long found = files.size() + indexing.refused();
      try (ProgressBar progress = Progress.bar("indexing", files.size())) {
        for (int from = 0; from < files.size(); from += WRITTEN_AT_ONCE) {
          List<ImageFile> part =
              files.subList(from, Math.min(files.size(), from + WRITTEN_AT_ONCE));
          indexer.index(part);
          progress.stepBy(part.size());
        }
      }
      vectors.commit();
      vectors.optimize();
      remember();
      FileCounts counts =
          new FileCounts(
              found,
              indexing.written(),
              indexer.replaced(),
              indexing.unchanged(),
              indexing.refused());
      return end(
          counts,
          "indexed %d of %d files, %d replaced, %d unchanged, %d refused, in %s"
              .formatted(
                  counts.written(),
                  counts.files(),
                  counts.replaced(),
                  counts.unchanged(),
                  counts.refused(),
                  store),
          counts.refused());
    }
  }

  /** So that {@code serve} may show them. */
  private void remember() {
    try {
      IndexedFolders.of(store.toString()).add(paths);
    } catch (IOException e) {
      spec.commandLine()
          .getErr()
          .println("serve will need --images: what was indexed cannot be noted down, " + e);
    }
  }

  private int indexTopic() throws IOException {
    TopicReader reader = source.wire().reader(spec);
    Properties properties = source.connection().clientProperties();
    try (TopicAdmin admin = new TopicAdmin(properties)) {
      admin.requireTopic(source.topic());
      if (!source.follow()) {
        // What follows for days begins anew with any of the list, should all brokers have moved.
        properties = admin.answering();
      }
    }
    CountDownLatch ended = new CountDownLatch(1);
    try (VectorStore vectors = store.open(OpenMode.write(0));
        ProgressBar progress = Progress.bar("indexing", 0)) {
      Indexing indexing = new Indexing(vectors, spec.commandLine().getErr());
      TopicIndexer indexer = new TopicIndexer(vectors, indexing, progress, source.follow());
      if (source.follow()) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(reader, ended), "stop reading"));
        reader.follow(properties, source.topic(), indexer);
      } else {
        reader.read(properties, source.topic(), indexer);
      }
      indexer.finish();
      if (!source.follow()) {
        vectors.optimize();
      }
      MessageCounts counts =
          new MessageCounts(
              indexer.messages(),
              indexing.written() - indexer.deleted(),
              indexer.deleted(),
              indexing.unchanged(),
              indexing.refused());
      return end(
          counts,
          "indexed %d of %d messages, %d deleted, %d unchanged, %d refused, in %s"
              .formatted(
                  counts.written(),
                  counts.messages(),
                  counts.deleted(),
                  counts.unchanged(),
                  counts.refused(),
                  store),
          counts.refused());
    } finally {
      ended.countDown();
    }
  }

  /** Lets the reading come to its end, and with it everything into the store. */
  private static void stop(TopicReader reader, CountDownLatch ended) {
    reader.stop();
    try {
      ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int end(Object counts, String line, long refused) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? Json.line(counts) : line);
    out.flush();
    return refused > 0 ? ExitCode.SOFTWARE : ExitCode.OK;
  }

  private CollectionSpec collection(ImageEmbedder embedder) {
    return new CollectionSpec(
        embedder.dimension(), StoreAddress.parse(store.toString()).metric(), embedder.provenance());
  }
}
