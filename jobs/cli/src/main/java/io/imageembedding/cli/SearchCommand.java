// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.cli.index.ImageFile;
import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.Json;
import io.imageembedding.cli.output.OutputPaths;
import io.imageembedding.cli.output.Result;
import io.imageembedding.cli.page.ContactSheet;
import io.imageembedding.cli.page.ContactSheet.Picture;
import io.imageembedding.cli.page.ImageSource;
import io.imageembedding.cli.page.NearestPictures;
import io.imageembedding.cli.page.QueryEmbedder;
import io.imageembedding.cli.page.QueryModel;
import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.SourcePosition;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.Hit;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
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

  @ArgGroup(exclusive = false, heading = ModelDetails.HEADING)
  private ModelChoice model = new ModelChoice();

  @ArgGroup(exclusive = false, heading = ImageChoice.HEADING)
  private ImageChoice decoding = new ImageChoice();

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

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description =
          "Also a page in one file: what was searched for and what was found, with thumbnails.")
  private Path html;

  @Mixin private ImageSourceChoice images;

  @Override
  public Integer call() throws IOException {
    if (most < 1 || most > MOST) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for -k: " + most + "; allowed: 1 to " + MOST);
    }
    Filter filter = filter();
    QueryModel query = decoding.query(spec, model.source(spec));
    float[] vector = wanted.vector == null ? null : parsed(wanted.vector);
    byte[] image = wanted.image == null ? null : read(wanted.image, query.limits());
    if (html != null) {
      OutputPaths.requireFile("--html", html);
    }
    try (ImageSource source = images.open(spec, store.toString());
        VectorStore vectors = store.open(OpenMode.read())) {
      Query asked = query(vectors, vector, image, query);
      List<Hit> hits =
          asked.picture() != null
              ? NearestPictures.others(vectors, asked.picture(), most, filter)
              : vectors.search(asked.vector(), most, filter);
      print(hits);
      if (hits.isEmpty()) {
        FilterKeys.unknown(vectors, filter, store.toString())
            .forEach(spec.commandLine().getErr()::println);
      }
      if (html != null) {
        write(vectors, source, asked, hits);
      }
    }
    return ExitCode.OK;
  }

  /**
   * What was searched for.
   *
   * @param name for people
   * @param picture null where it is not of the store
   * @param image the encoded image, null where it is of the store or was never one
   */
  private record Query(String name, float[] vector, StoredVector picture, byte[] image) {}

  private Filter filter() {
    try {
      return Filter.parse(filters);
    } catch (StoreException e) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for --filter: " + e.getMessage(), e);
    }
  }

  /**
   * @param vector null where none was given
   * @param image null where none was given
   */
  private Query query(VectorStore vectors, float[] vector, byte[] image, QueryModel model)
      throws IOException {
    if (wanted.id != null) {
      StoredVector picture =
          vectors
              .get(wanted.id)
              .orElseThrow(() -> new CommandFailure(store + " has no image " + wanted.id));
      return new Query(wanted.id, picture.vector(), picture, null);
    }
    if (vector != null) {
      return new Query("a vector", vector, null, null);
    }
    CollectionSpec held =
        vectors.describe().collection().orElseThrow(() -> new CommandFailure(store + " is empty"));
    try (QueryEmbedder embedder = QueryEmbedder.open(model, store.toString(), held)) {
      Outcome outcome = embedder.embed(image);
      if (outcome instanceof Embedding embedding) {
        return new Query(wanted.image.getFileName().toString(), embedding.vector(), null, image);
      }
      throw new CommandFailure(wanted.image + ": " + Result.of("", outcome).summary());
    }
  }

  private static byte[] read(Path file, DecodeLimits limits) {
    try {
      return ImageFile.read(file, limits);
    } catch (ElementRefusedException e) {
      throw new CommandFailure(file + ": " + e.getMessage(), e);
    }
  }

  private void write(VectorStore vectors, ImageSource source, Query query, List<Hit> hits)
      throws IOException {
    List<Picture> row = new ArrayList<>();
    if (query.picture() != null) {
      StoredVector found = query.picture();
      row.add(
          new Picture(
              found.id(),
              facts(found.version(), found.image()),
              source.find(found.id(), found.version(), found.image()).orElse(null),
              true));
    } else if (query.image() != null) {
      row.add(new Picture(query.name(), List.of(), query.image(), true));
    }
    for (Hit hit : hits) {
      row.add(
          new Picture(
              ContactSheet.caption(hit.id(), hit.score()),
              facts(hit.version(), hit.image()),
              source.find(hit.id(), hit.version(), hit.image()).orElse(null),
              true));
    }
    ContactSheet.write(
        html,
        hits.size() + " images of " + store + " that are nearest to " + query.name(),
        vectors.describe().collection().map(held -> held.space().summary()).orElse(""),
        List.of(row));
    spec.commandLine().getErr().println("page: " + html.toAbsolutePath().normalize());
  }

  private static List<String> facts(Version version, ImageMetadata image) {
    List<String> facts = new ArrayList<>();
    facts.add(image.info().format() + " " + image.info().width() + "x" + image.info().height());
    if (!version.topic().isEmpty()) {
      facts.add(
          "%s, partition %d, offset %d"
              .formatted(version.topic(), version.partition(), version.offset()));
    }
    if (image.uri() != null) {
      facts.add(image.uri());
    }
    if (version.timestamp() != SourcePosition.NO_TIMESTAMP) {
      facts.add(Instant.ofEpochMilli(version.timestamp()).toString());
    }
    return facts;
  }

  /** A vector that was typed, or that standard input has. */
  private float[] parsed(String given) throws IOException {
    if (given.equals("-")) {
      String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
      return vector(text, reason -> new CommandFailure("standard input " + reason));
    }
    return vector(
        given,
        reason ->
            new ParameterException(spec.commandLine(), "Invalid value for --vector: it " + reason));
  }

  private static float[] vector(String text, Function<String, RuntimeException> wrong) {
    try {
      JsonNode array = new ObjectMapper().readTree(text);
      if (array != null && array.isArray() && !array.isEmpty()) {
        float[] vector = new float[array.size()];
        for (int i = 0; i < vector.length; i++) {
          if (!array.get(i).isNumber()) {
            throw wrong.apply("has an element that is no number, " + i);
          }
          vector[i] = array.get(i).floatValue();
        }
        return vector;
      }
    } catch (JsonProcessingException e) {
      throw wrong.apply("is no JSON: " + e.getOriginalMessage());
    }
    throw wrong.apply("is no JSON array of numbers");
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
                          hit.image().info().format(),
                          hit.image().info().width(),
                          hit.image().info().height(),
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
                hit.image().info().format(),
                hit.image().info().width(),
                hit.image().info().height()));
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
