// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.index.ImageFile;
import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.Result;
import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "image",
    mixinStandardHelpOptions = true,
    description =
        "Embeds image files, and those in folders, in this process, without Kafka. Hidden files are"
            + " left out. Exits with 1 if any could not be embedded, after answering all.")
final class ImageCommand implements Callable<Integer> {
  private static final int BATCH = 8;

  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "PATH", description = "Image files and folders of them.")
  private List<String> paths;

  @ArgGroup(exclusive = false, heading = ModelDetails.HEADING)
  private ModelChoice model = new ModelChoice();

  @ArgGroup(exclusive = false, heading = ImageChoice.HEADING)
  private ImageChoice images = new ImageChoice();

  @Option(names = "--json", description = "One JSON object a line, with the vector.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    ModelSource source = model.source(spec);
    int topK = model.topK(spec);
    Preprocessing preprocessing = images.preprocessing(spec);
    DecodeLimits limits = images.limits(spec);
    List<String> refused = new ArrayList<>();
    List<String> files = files(refused);
    refused.forEach(spec.commandLine().getErr()::println);
    if (files.isEmpty() && refused.isEmpty()) {
      throw new CommandFailure("there is no file in " + String.join(", ", paths));
    }
    boolean failed = !refused.isEmpty();
    if (files.stream().noneMatch(file -> Files.isReadable(Path.of(file)))) {
      // All of them is known without the model.
      for (String file : files) {
        print(Result.of(file, refusal(Path.of(file), limits)));
      }
      return ExitCode.SOFTWARE;
    }
    int batchSize = Math.min(BATCH, files.size());
    try (ImageEmbedder embedder =
        new ImageEmbedder(source, new EmbedSettings(preprocessing, limits, batchSize, topK, 0))) {
      for (int from = 0; from < files.size(); from += BATCH) {
        List<String> batch = files.subList(from, Math.min(files.size(), from + BATCH));
        List<Outcome> outcomes =
            embedder.embed(batch.size(), i -> ImageFile.read(Path.of(batch.get(i)), limits));
        for (int i = 0; i < batch.size(); i++) {
          Result answer = Result.of(batch.get(i), outcomes.get(i));
          failed |= answer.failure() != null;
          print(answer);
        }
        spec.commandLine().getOut().flush();
      }
    }
    return failed ? ExitCode.SOFTWARE : ExitCode.OK;
  }

  /** Every file as it was typed, and those of folders by the folder as it was typed. */
  private List<String> files(List<String> refused) throws IOException {
    List<String> files = new ArrayList<>();
    for (String typed : paths) {
      Path path = Path.of(typed);
      if (Files.isDirectory(path)) {
        String folder = typed.endsWith("/") ? typed : typed + "/";
        for (ImageFile found :
            ImageFile.below(List.of(path), (file, why) -> refused.add(file + ": " + why))) {
          files.add(folder + found.id());
        }
      } else {
        files.add(typed);
      }
    }
    return files;
  }

  private static Refusal refusal(Path file, DecodeLimits limits) {
    try {
      ImageFile.read(file, limits);
      throw new CommandFailure(file + " has come while it was looked for; try again");
    } catch (ElementRefusedException e) {
      return new Refusal(Refusal.Stage.WIRE, e.code(), e.getMessage());
    }
  }

  private void print(Result answer) throws IOException {
    spec.commandLine().getOut().println(json ? answer.json() : answer.id() + "  " + answer.line());
  }
}
