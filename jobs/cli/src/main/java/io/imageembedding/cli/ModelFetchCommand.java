// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.Progress;
import io.imageembedding.model.fetch.CachedModel;
import io.imageembedding.model.fetch.ModelFetcher;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "fetch",
    mixinStandardHelpOptions = true,
    description =
        "Brings a model into the cache of this machine: a handle of TF Hub or Kaggle, an https:"
            + " address, the URI of a Flink file system, or an archive. The cache is"
            + " IMAGE_EMBEDDING_CACHE, else ~/.cache/image-embedding; handles go to TFHUB_CACHE_DIR,"
            + " if that is set, and are shared with Python's tensorflow_hub. What that has in its"
            + " default folder, or kagglehub in its own, is not fetched again.")
final class ModelFetchCommand implements Callable<Integer> {
  private static final long MEGABYTE = 1 << 20;
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-fA-F]{64}");

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "HANDLE", description = "What is fetched.")
  private String handle;

  @Option(
      names = "--sha256",
      paramLabel = "HEX",
      description = "SHA-256 that the archive or file must have; any other is refused.")
  private String sha256;

  @Option(names = "--path", description = "Print where it is on this machine, and nothing else.")
  private boolean path;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    if (path && json) {
      throw new ParameterException(
          spec.commandLine(), "--path and --json exclude each other; --json has the path, too");
    }
    if (sha256 != null && !SHA_256.matcher(sha256.strip()).matches()) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value for --sha256: '" + sha256 + "' is not allowed; allowed: 64 hex digits");
    }
    CachedModel model;
    try (ProgressBar bar = Progress.bar("fetching, MB", -1)) {
      model =
          ModelFetcher.fetch(
              handle,
              sha256,
              (done, total) -> {
                bar.maxHint(total < 0 ? -1 : total / MEGABYTE);
                bar.stepTo(done / MEGABYTE);
              });
    }
    spec.commandLine()
        .getOut()
        .println(
            path
                ? model.path().toString()
                : json ? ModelListCommand.json(model) : ModelListCommand.line(model));
    return ExitCode.OK;
  }
}
