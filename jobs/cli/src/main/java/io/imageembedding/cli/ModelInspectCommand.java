// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.Json;
import io.imageembedding.model.ModelDescription;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.source.ModelInspector;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description = "Says what a model is: form, signatures, size, input, output, operations.")
final class ModelInspectCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SRC", description = "Where the model is: " + ModelSource.FORMS + ".")
  private String source;

  @ArgGroup(exclusive = false, heading = ModelDetails.HEADING)
  private ModelDetails details = new ModelDetails();

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    ModelDescription model = ModelInspector.inspect(details.source(spec, source));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.line(model));
      return ExitCode.OK;
    }
    row(out, "model", model.name());
    row(out, "form", model.form());
    row(out, "network", model.network() == null ? "not a MobileNetV2" : model.network());
    row(out, "SHA-256", model.sha256());
    row(out, "input", "RGB, %1$d x %1$d, as %2$s".formatted(model.inputSize(), model.inputRange()));
    if (model.hint() != null) {
      row(out, "hint", model.hint());
    }
    row(out, "output", "%d %s".formatted(model.dimension(), model.output()));
    row(out, "variables", number((long) model.variables()));
    row(out, "parameters", number(model.parameters()));
    row(out, "trainable", number(model.trainableParameters()));
    row(out, "multiply-adds", number(model.multiplyAdds()));
    row(out, "can be trained", model.trainable() ? "yes" : "no");
    rows(out, "signatures", model.signatures());
    rows(out, "functions", model.functions());
    row(
        out,
        "operations",
        model.operations().entrySet().stream()
            .map(operation -> operation.getKey() + " " + operation.getValue())
            .collect(Collectors.joining(", ")));
    return ExitCode.OK;
  }

  private static String number(Long value) {
    return value == null ? "not known" : String.format(Locale.ROOT, "%,d", value);
  }

  private static void row(PrintWriter out, String name, String value) {
    out.printf("%-15s %s%n", name, value);
  }

  private static void rows(PrintWriter out, String name, List<String> values) {
    if (values.isEmpty()) {
      row(out, name, "none");
    }
    for (int i = 0; i < values.size(); i++) {
      row(out, i == 0 ? name : "", values.get(i));
    }
  }
}
