// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.index.ImageFile;
import io.imageembedding.cli.output.Result;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "image",
    mixinStandardHelpOptions = true,
    description =
        "Embeds image files in this process, without Kafka. Exits with 1 if any could not be"
            + " embedded, after answering all.")
final class ImageCommand implements Callable<Integer> {
  private static final int BATCH = 8;

  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Image files.")
  private List<String> files;

  @Mixin private ModelChoice model;

  @Option(
      names = "--orientation",
      defaultValue = "ignore",
      description = "EXIF orientation: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Orientation orientation;

  @Option(names = "--json", description = "One JSON object a line, with the vector.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    boolean failed = false;
    try (ImageEmbedder embedder =
        new ImageEmbedder(
            model.source(),
            new EmbedSettings(
                new Preprocessing(orientation, JpegDecoding.EXACT),
                DecodeLimits.DEFAULT,
                Math.min(BATCH, files.size()),
                model.topK(),
                0))) {
      for (int from = 0; from < files.size(); from += BATCH) {
        List<String> batch = files.subList(from, Math.min(files.size(), from + BATCH));
        List<Outcome> outcomes =
            embedder.embed(batch.size(), i -> ImageFile.read(Path.of(batch.get(i))));
        for (int i = 0; i < batch.size(); i++) {
          Result answer = Result.of(batch.get(i), outcomes.get(i));
          failed |= answer.failure() != null;
          out.println(json ? answer.json() : answer.id() + "  " + answer.line());
        }
        out.flush();
      }
    }
    return failed ? ExitCode.SOFTWARE : ExitCode.OK;
  }
}
