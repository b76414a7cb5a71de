// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.Json;
import io.imageembedding.model.fetch.CachedModel;
import io.imageembedding.model.fetch.ModelFetcher;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description =
        "Lists the models of this machine by what --model takes: those in the cache, and those that"
            + " Python's tensorflow_hub and kagglehub have in theirs.")
final class ModelListCommand implements Callable<Integer> {
  private static final int SHOWN_DIGITS = 12;

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Override
  public Integer call() {
    List<CachedModel> models = ModelFetcher.list();
    PrintWriter out = spec.commandLine().getOut();
    for (CachedModel model : models) {
      out.println(json ? json(model) : line(model));
    }
    if (models.isEmpty() && !json) {
      spec.commandLine().getErr().println("the cache is empty");
    }
    return ExitCode.OK;
  }

  static String line(CachedModel model) {
    String digest = model.sha256() == null ? "-" : model.sha256().substring(0, SHOWN_DIGITS);
    return String.format(
        Locale.ROOT,
        "%s  %-12s  %6.1f MB  %s",
        model.origin(),
        digest,
        model.bytes() / 1e6,
        model.path());
  }

  static String json(CachedModel model) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("origin", model.origin());
    values.put("sha256", model.sha256());
    values.put("bytes", model.bytes());
    values.put("path", model.path().toString());
    values.put("time", model.time() == null ? null : model.time().toString());
    values.values().removeIf(java.util.Objects::isNull);
    return Json.line(values);
  }
}
