// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.Embedding;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embed.Outcome;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.vectorstore.Collection;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "search",
    mixinStandardHelpOptions = true,
    description = "The images of a store that are nearest to one, nearest first, by cosine.")
final class SearchCommand implements Callable<Integer> {
  private static final int MOST = 10_000;

  @Spec private CommandSpec spec;

  @Mixin private ModelChoice model;

  @Mixin private StoreChoice store;

  @ArgGroup(multiplicity = "1")
  private Wanted wanted;

  /** What is searched for. */
  private static final class Wanted {
    @Option(names = "--image", paramLabel = "FILE", description = "What is like this image file.")
    private Path image;

    @Option(
        names = "--id",
        paramLabel = "ID",
        description = "What is like an image of the store, without that itself.")
    private String id;

    @Option(
        names = "--vector",
        paramLabel = "JSON",
        description = "What is near a vector: a JSON array, or - for one on standard input.")
    private String vector;
  }

  @Option(
      names = "-k",
      paramLabel = "N",
      defaultValue = "10",
      description = "Most hits. Default: ${DEFAULT-VALUE}.")
  private int most;

  @Option(
      names = "--filter",
      paramLabel = "KEY=VALUE",
      description = "Only images with this uri, format, topic, partition or attribute; repeatable.")
  private List<String> filters = List.of();

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (most < 1 || most > MOST) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for -k: " + most + "; allowed: 1 to " + MOST);
    }
    Filter filter = Filter.parse(filters);
    try (VectorStore vectors = store.open(OpenMode.read())) {
      List<Hit> hits =
          wanted.id != null
              ? others(vectors, filter)
              : vectors.search(vector(vectors), most, filter);
      print(hits);
    }
    return ExitCode.OK;
  }

  private List<Hit> others(VectorStore vectors, Filter filter) {
    float[] vector =
        vectors
            .get(wanted.id)
            .orElseThrow(() -> new CommandFailure(store + " has no image " + wanted.id))
            .vector();
    return vectors.search(vector, most + 1, filter).stream()
        .filter(hit -> !hit.id().equals(wanted.id))
        .limit(most)
        .toList();
  }

  private float[] vector(VectorStore vectors) throws IOException {
    if (wanted.vector != null) {
      return parsed(
          wanted.vector.equals("-")
              ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
              : wanted.vector);
    }
    try (ImageEmbedder embedder =
        new ImageEmbedder(
            model.source(),
            new EmbedSettings(Preprocessing.REFERENCE, DecodeLimits.DEFAULT, 1, model.topK(), 0))) {
      Collection held =
          vectors
              .describe()
              .collection()
              .orElseThrow(() -> new CommandFailure(store + " is empty"));
      new Collection(embedder.dimension(), held.metric(), StoreChoice.space(embedder.provenance()))
          .requireSame(store.toString(), held);
      Outcome outcome = embedder.embed(1, i -> ImageFile.read(wanted.image)).get(0);
      if (outcome instanceof Embedding embedding) {
        return embedding.vector();
      }
      throw new CommandFailure(wanted.image + ": " + Answer.of("", outcome).summary());
    }
  }

  private float[] parsed(String text) {
    try {
      JsonNode array = new ObjectMapper().readTree(text);
      if (array != null && array.isArray() && !array.isEmpty()) {
        float[] vector = new float[array.size()];
        for (int i = 0; i < vector.length; i++) {
          if (!array.get(i).isNumber()) {
            throw new CommandFailure("--vector: element " + i + " is no number");
          }
          vector[i] = array.get(i).floatValue();
        }
        return vector;
      }
    } catch (JsonProcessingException e) {
      throw new CommandFailure("--vector is no JSON: " + e.getOriginalMessage());
    }
    throw new CommandFailure("--vector is no JSON array of numbers");
  }

  private void print(List<Hit> hits) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      hits.forEach(
          hit ->
              out.println(
                  Json.line(
                      new Found(
                          hit.id(),
                          hit.score(),
                          hit.image().uri(),
                          hit.image().format(),
                          hit.image().width(),
                          hit.image().height(),
                          hit.image().attributes()))));
      return;
    }
    out.printf("%-40s  %7s  %s%n", "IMAGE", "COSINE", "SIZE");
    hits.forEach(
        hit ->
            out.printf(
                "%-40s  %7.4f  %s %dx%d%n",
                hit.id(),
                hit.score(),
                hit.image().format(),
                hit.image().width(),
                hit.image().height()));
  }

  /** A hit as {@code --json} prints it. */
  private record Found(
      String id,
      float cosine,
      String uri,
      String format,
      int width,
      int height,
      Map<String, String> attributes) {}
}
