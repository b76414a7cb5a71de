// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.broker.EmbeddedKafka;
import io.imageembedding.cli.demo.DemoImages;
import io.imageembedding.cli.demo.DemoImages.DemoImage;
import io.imageembedding.cli.demo.LiveDemo;
import io.imageembedding.cli.demo.Neighbours;
import io.imageembedding.cli.demo.Neighbours.Neighbour;
import io.imageembedding.cli.job.LocalFlink;
import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.OutputPaths;
import io.imageembedding.cli.output.Progress;
import io.imageembedding.cli.output.Result;
import io.imageembedding.cli.page.ContactSheet;
import io.imageembedding.cli.page.ContactSheet.Picture;
import io.imageembedding.cli.page.ImageSource;
import io.imageembedding.cli.page.PageServer;
import io.imageembedding.cli.topic.ImagePublisher;
import io.imageembedding.cli.topic.TopicReader;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.jobs.EmbedImagesJob;
import io.imageembedding.jobs.JobConfiguration;
import io.imageembedding.jobs.StoreOptions;
import io.imageembedding.kafka.KafkaClientProperties;
import io.imageembedding.kafka.TopicAdmin;
import io.imageembedding.safety.FileTrees;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.VectorStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import me.tongfei.progressbar.ProgressBar;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description =
        "Starts a Kafka broker and a Flink cluster with two slots in this process, publishes photos"
            + " and altered copies of them, runs the job into a topic and a vector store, reads the"
            + " embeddings back and shows for each image which other one is nearest.")
final class DemoCommand implements Callable<Integer> {
  private static final String IMAGES = "images";
  private static final String EMBEDDINGS = "embeddings";
  private static final String DEAD_LETTERS = "dead-letters";
  private static final String SLOTS = "2";
  private static final int SHOWN = 3;

  /** Between two images, where somebody looks at how they arrive. */
  private static final Duration PACE = Duration.ofMillis(150);

  private static final Duration VISITOR_PATIENCE = Duration.ofMinutes(2);

  @Spec private CommandSpec spec;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "Folder of images; default: photos that come with the program.")
  private Path images;

  @ArgGroup(exclusive = false, heading = ModelDetails.HEADING)
  private ModelChoice model = new ModelChoice();

  @ArgGroup(exclusive = false, heading = ImageChoice.HEADING)
  private ImageChoice decoding = new ImageChoice();

  @Option(
      names = "--output",
      paramLabel = "DIR",
      defaultValue = "demo-output",
      description = "Where the contact sheet is written. Default: ${DEFAULT-VALUE}.")
  private Path output;

  @Option(
      names = "--store",
      paramLabel = "S",
      converter = StoreWait.Address.class,
      description =
          "Vector store that the job feeds; default: lucene:DIR/store in the folder of the contact"
              + " sheet, made anew each time.")
  private String store;

  @Mixin private StoreWait wait;

  @Option(
      names = "--serve",
      description =
          "Opens the page of the store first, publishes one image after the other once somebody"
              + " looks at it, and keeps page and job running until Ctrl-C.")
  private boolean serve;

  @Mixin private PageChoice page;

  @Option(names = "--json", description = "One JSON object a line, with the vector.")
  private boolean json;

  /** An image that has an embedding. */
  private record Found(DemoImage image, Result answer) {}

  @Override
  public Integer call() throws Exception {
    List<DemoImage> demoImages = images == null ? DemoImages.builtin() : DemoImages.of(images);
    // A mistake in them is said before anything is started.
    decoding.query(spec, model.source(spec));
    model.topK(spec);
    OutputPaths.requireFolder("--output", output);
    if (store != null) {
      wait.require(store);
    }
    String address = store == null ? newStore(output.resolve("store")) : store;
    say("starting a broker …");
    if (serve) {
      return serve(demoImages, address);
    }
    List<Result> answers;
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      createTopics(kafka);
      publish(demoImages, kafka);
      say("running the job on " + demoImages.size() + " images …");
      job(kafka, address, true).execute();
      answers = read(kafka);
    }
    int exitCode = show(demoImages, answers);
    say("vectors: " + address + "; search in them with");
    say("  ./embed search --store " + quoted(address) + " --id " + quoted(demoImages.get(0).id()));
    return exitCode;
  }

  private int serve(List<DemoImage> demoImages, String address) throws Exception {
    EmbeddedKafka kafka = EmbeddedKafka.start();
    try (LiveDemo demo = start(kafka, address)) {
      say("the page is " + demo.page().address() + " — images are published once it is open");
      demo.page().awaitVisitor(VISITOR_PATIENCE);
      // Those after the first do not pile up while the job still loads its models.
      publish(demoImages.subList(0, 1), kafka);
      answers(demo, kafka, 1);
      publish(demoImages.subList(1, demoImages.size()), kafka);
      int exitCode = show(demoImages, answers(demo, kafka, demoImages.size()));
      say("the job goes on; more images for it:");
      say(
          "  ./embed publish --bootstrap-servers "
              + kafka.bootstrapServers()
              + " --topic "
              + IMAGES
              + " PHOTOS");
      say("Ctrl-C ends it");
      demo.await();
      return exitCode;
    }
  }

  /** All answers, once there are so many. */
  private static List<Result> answers(LiveDemo demo, EmbeddedKafka kafka, int count)
      throws IOException, InterruptedException {
    List<Result> answers = read(kafka);
    while (answers.size() < count) {
      demo.requireRunning();
      Thread.sleep(PACE.toMillis());
      answers = read(kafka);
    }
    return answers;
  }

  private LiveDemo start(EmbeddedKafka kafka, String address) throws Exception {
    PageServer server = null;
    try {
      createTopics(kafka);
      ImageSource source = ImageSource.messages(properties(kafka), WireFormat.AVRO, null);
      server = page.start(spec, address, source, decoding.query(spec, model.source(spec)));
      return new LiveDemo(kafka, server, job(kafka, address, false).executeAsync());
    } catch (Exception e) {
      if (server != null) {
        server.close();
      }
      kafka.close();
      throw e;
    }
  }

  /** The address of the demonstration's own store, without what an earlier one left in it. */
  private static String newStore(Path folder) throws IOException {
    String address = "lucene:" + folder;
    if (Files.isDirectory(folder)) {
      try (VectorStore old = VectorStore.open(address, OpenMode.write(0))) {
        if (old.describe().collection().isEmpty()) {
          return address;
        }
      }
      FileTrees.delete(folder);
    }
    Files.createDirectories(folder);
    return address;
  }

  /** As a shell takes it for one word. */
  private static String quoted(String text) {
    return text.matches("[\\w./:=@%+-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }

  private void say(String line) {
    spec.commandLine().getErr().println(line);
  }

  private static Properties properties(EmbeddedKafka kafka) {
    return KafkaClientProperties.of(kafka.bootstrapServers(), "", Map.of());
  }

  private static void createTopics(EmbeddedKafka kafka) {
    try (TopicAdmin admin = new TopicAdmin(properties(kafka))) {
      for (String topic : List.of(IMAGES, EMBEDDINGS, DEAD_LETTERS)) {
        admin.createIfMissing(topic, 2);
      }
    }
  }

  private void publish(List<DemoImage> demoImages, EmbeddedKafka kafka)
      throws IOException, InterruptedException {
    try (ImagePublisher publisher = new ImagePublisher(properties(kafka), IMAGES, WireFormat.AVRO);
        ProgressBar progress = Progress.bar("publishing", demoImages.size())) {
      for (DemoImage image : demoImages) {
        publisher.publish(image.id(), image.bytes());
        if (serve) {
          Thread.sleep(PACE.toMillis());
        }
        progress.step();
      }
      publisher.flush();
    }
  }

  private StreamExecutionEnvironment job(EmbeddedKafka kafka, String address, boolean bounded) {
    Map<String, String> options = new HashMap<>(model.jobOptions());
    options.putAll(decoding.jobOptions());
    options.put("pipeline.name", "demo");
    options.put("parallelism.default", SLOTS);
    options.put("execution.checkpointing.interval", "1 s");
    options.put("image-embedding.kafka.bootstrap-servers", kafka.bootstrapServers());
    options.put("image-embedding.kafka.input.topic", IMAGES);
    options.put("image-embedding.kafka.input.bounded", String.valueOf(bounded));
    options.put("image-embedding.kafka.output.topic", EMBEDDINGS);
    options.put("image-embedding.kafka.dead-letter.topic", DEAD_LETTERS);
    options.put(StoreOptions.ADDRESS.key(), address);
    Configuration config = EmbedImagesJob.withDefaults(JobConfiguration.load(null, options));
    StreamExecutionEnvironment env = new LocalFlink().environment(config);
    EmbedImagesJob.build(env, config);
    return env;
  }

  private static List<Result> read(EmbeddedKafka kafka) throws IOException {
    List<Result> answers = new ArrayList<>();
    for (String topic : List.of(EMBEDDINGS, DEAD_LETTERS)) {
      new TopicReader(WireFormat.AVRO, null)
          .read(
              properties(kafka),
              topic,
              message -> {
                answers.add(message.answer());
                return true;
              });
    }
    return answers;
  }

  private int show(List<DemoImage> demoImages, List<Result> answers) throws IOException {
    Map<String, Result> byId =
        answers.stream().collect(Collectors.toMap(Result::id, Function.identity()));
    List<Found> found = new ArrayList<>();
    PrintWriter out = spec.commandLine().getOut();
    for (DemoImage image : demoImages) {
      Result answer = byId.get(image.id());
      if (answer == null) {
        throw new CommandFailure("no answer came for '" + image.id() + "'");
      }
      if (json) {
        out.println(answer.json());
      }
      if (answer.failure() == null) {
        found.add(new Found(image, answer));
      } else if (!json) {
        out.println(image.id() + "  " + answer.summary());
      }
    }
    Neighbours neighbours =
        new Neighbours(found.stream().map(each -> each.answer().embedding().vector()).toList());
    boolean classified =
        found.stream().anyMatch(each -> !each.answer().embedding().scores().isEmpty());
    Help.TextTable table = table(classified);
    addRow(table, classified, "IMAGE", "SIZE", "NEAREST OTHER", "COSINE", "CLASS");
    List<List<Picture>> rows = new ArrayList<>();
    int versions = 0;
    for (int i = 0; i < found.size(); i++) {
      Found each = found.get(i);
      List<Picture> row = new ArrayList<>();
      row.add(new Picture(each.image().id(), List.of(), each.image().bytes(), true));
      List<Neighbour> nearest = neighbours.of(i, SHOWN);
      for (Neighbour neighbour : nearest) {
        DemoImage other = found.get(neighbour.index()).image();
        row.add(
            new Picture(
                ContactSheet.caption(other.id(), neighbour.cosine()),
                List.of(),
                other.bytes(),
                other.photo().equals(each.image().photo())));
      }
      rows.add(row);
      if (!nearest.isEmpty()) {
        DemoImage other = found.get(nearest.get(0).index()).image();
        versions += other.photo().equals(each.image().photo()) ? 1 : 0;
        addRow(
            table,
            classified,
            each.image().id(),
            each.answer().summary(),
            other.id(),
            String.format(Locale.ROOT, "%.4f", nearest.get(0).cosine()),
            each.answer().embedding().scores().stream()
                .findFirst()
                .map(Result::percent)
                .orElse(""));
      }
    }
    Path sheet = output.resolve("contact-sheet.html");
    String summary =
        versions
            + " of "
            + found.size()
            + ": the nearest other image is a version of the same photo";
    if (!found.isEmpty()) {
      ContactSheet.write(
          sheet, summary, model(found.get(0).answer().embedding().provenance()), rows);
      say("contact sheet: " + sheet.toAbsolutePath().normalize());
    }
    if (!json) {
      out.print(table);
    }
    (json ? spec.commandLine().getErr() : out).println(summary);
    out.flush();
    return ExitCode.OK;
  }

  private static String model(Provenance made) {
    return made.model() + ", " + made.precision() + ", SHA-256 " + made.sha256();
  }

  /** The last column is there for classifiers only. */
  private Help.TextTable table(boolean classified) {
    List<Help.Column> columns =
        List.of(
            new Help.Column(34, 0, Help.Column.Overflow.TRUNCATE),
            new Help.Column(18, 2, Help.Column.Overflow.TRUNCATE),
            new Help.Column(34, 2, Help.Column.Overflow.TRUNCATE),
            new Help.Column(9, 2, Help.Column.Overflow.TRUNCATE),
            new Help.Column(34, 2, Help.Column.Overflow.TRUNCATE));
    return Help.TextTable.forColumns(
        spec.commandLine().getColorScheme(),
        columns.subList(0, classified ? 5 : 4).toArray(Help.Column[]::new));
  }

  private static void addRow(Help.TextTable table, boolean classified, String... values) {
    table.addRowValues(classified ? values : Arrays.copyOf(values, 4));
  }
}
