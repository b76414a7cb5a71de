// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.Json;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.ProofFigures;
import io.imageembedding.model.source.ModelInspector;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    description =
        "Loads a model and runs it on probe images: its vectors must be finite, differ between"
            + " images, be the same when asked again and alone as in a batch, and equal those in"
            + " its folder's probe.npz (input, output), if there is one.")
final class ModelVerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SRC", description = "Where the model is, as for 'model inspect'.")
  private String source;

  @ArgGroup(exclusive = false, heading = ModelDetails.HEADING)
  private ModelDetails details = new ModelDetails();

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    ModelSource model = details.source(spec, source);
    ProofFigures figures = ModelInspector.prove(model);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("model", source);
      values.put("verified", true);
      values.put("dimension", figures.dimension());
      values.put("sameBits", figures.sameBits());
      values.put("spread", figures.spread());
      values.put("again", figures.again());
      values.put("alone", figures.alone());
      figures.goldens().ifPresent(difference -> values.put("goldens", difference));
      out.println(Json.line(values));
      return ExitCode.OK;
    }
    out.println("verified: " + source);
    row(out, "features", "" + figures.dimension());
    row(out, "between different images", "%.2g".formatted(figures.spread()));
    row(out, "asked again", "%.2g".formatted(figures.again()));
    row(
        out,
        "alone and in a batch",
        "%.2g".formatted(figures.alone()) + (figures.sameBits() ? " (the same bits)" : ""));
    row(
        out,
        "golden vectors",
        figures.goldens().isPresent()
            ? "%.2g".formatted(figures.goldens().getAsDouble())
            : "none (no probe.npz)");
    return ExitCode.OK;
  }

  private static void row(PrintWriter out, String name, String value) {
    out.printf("  %-26s %s%n", name, value);
  }
}
