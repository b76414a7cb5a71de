// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.output.CommandFailure;
import io.imageembedding.cli.output.Json;
import io.imageembedding.cli.output.OutputPaths;
import io.imageembedding.cli.output.Progress;
import io.imageembedding.model.ModelSource;
import io.imageembedding.training.Augmentation;
import io.imageembedding.training.BatchNormStatistics;
import io.imageembedding.training.EpochFigures;
import io.imageembedding.training.FineTuneException;
import io.imageembedding.training.FineTuneListener;
import io.imageembedding.training.FineTuneOptions;
import io.imageembedding.training.FineTuneResult;
import io.imageembedding.training.FineTuner;
import io.imageembedding.training.LearningRateSchedule;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "fine-tune",
    mixinStandardHelpOptions = true,
    description =
        "Teaches a MobileNetV2 the classes of a folder of images, one folder for each class, and"
            + " writes a model that --model takes. Started again with the same output, it goes on"
            + " after the last whole epoch.")
final class FineTuneCommand implements Callable<Integer> {
  /** By so much more of the training images are right than of those held back, when it is said. */
  private static final double PARTED = 0.1;

  @Spec private CommandSpec spec;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      required = true,
      description = "Folder with a folder of images for each class.")
  private Path images;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "Folder for the model, pictures and checkpoints.")
  private Path output;

  @ArgGroup(exclusive = false, heading = ModelDetails.HEADING)
  private ModelChoice model = new ModelChoice();

  @Option(names = "--head-only", description = "Train the classifier only; features stay.")
  private boolean headOnly;

  @Option(names = "--epochs", paramLabel = "N", description = "Default: 5.")
  private Integer epochs;

  @Option(names = "--batch-size", paramLabel = "N", description = "Default: 16.")
  private Integer batchSize;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "Of the first step. Default: 0.01.")
  private Double learningRate;

  @Option(
      names = "--learning-rate-schedule",
      paramLabel = "NAME",
      description = "${COMPLETION-CANDIDATES}: it stays, or falls to 0. Default: cosine.")
  private LearningRateSchedule schedule;

  @Option(names = "--momentum", paramLabel = "X", description = "Default: 0.9.")
  private Double momentum;

  @Option(names = "--label-smoothing", paramLabel = "X", description = "Default: 0.1.")
  private Double labelSmoothing;

  @Option(names = "--dropout", paramLabel = "X", description = "Default: 0.2.")
  private Double dropout;

  @Option(
      names = "--validation-split",
      paramLabel = "X",
      description = "Part of each class that is only measured on. Default: 0.2.")
  private Double validationSplit;

  @Option(names = "--seed", paramLabel = "N", description = "Default: 0.")
  private Long seed;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      description =
          "Of the convolutions' kernels. Default: the model's own regularisation losses, else"
              + " 4e-5.")
  private Double weightDecay;

  @Option(
      names = "--batch-norm-decay",
      paramLabel = "X",
      description = "Of the moving averages. Default: the model's own, else 0.997.")
  private Double batchNormDecay;

  @Option(
      names = "--batch-norm-statistics",
      paramLabel = "NAME",
      description =
          "${COMPLETION-CANDIDATES}: of the training images after each epoch, or over the steps, as"
              + " Keras has them. Default: estimated.")
  private BatchNormStatistics statistics;

  @Option(names = "--flip", description = "Mirror half of the training images.")
  private boolean flip;

  @Option(
      names = "--crop",
      paramLabel = "X",
      description = "Cut up to that part of the training images off. Default: 0.")
  private Double crop;

  @Option(
      names = "--rotation",
      paramLabel = "DEGREES",
      description = "Turn training images by up to that, either way. Default: 0.")
  private Double rotation;

  @Option(
      names = "--zoom",
      paramLabel = "X",
      description = "Make training images larger or smaller by up to that part. Default: 0.")
  private Double zoom;

  @Option(
      names = "--patience",
      paramLabel = "N",
      description =
          "End after N epochs without a smaller validation loss, and keep the best. Default: all"
              + " epochs, and the last.")
  private Integer patience;

  @Option(names = "--json", description = "One JSON object for each epoch, and one at the end.")
  private boolean json;

  private FineTuneOptions options() {
    FineTuneOptions defaults = FineTuneOptions.defaults(headOnly);
    return new FineTuneOptions(
        headOnly,
        or(epochs, defaults.epochs()),
        or(batchSize, defaults.batchSize()),
        or(learningRate, defaults.learningRate()),
        or(schedule, defaults.schedule()),
        or(momentum, defaults.momentum()),
        or(labelSmoothing, defaults.labelSmoothing()),
        or(dropout, defaults.dropout()),
        or(validationSplit, defaults.validationSplit()),
        or(seed, defaults.seed()),
        optional(weightDecay),
        optional(batchNormDecay),
        or(statistics, defaults.batchNormStatistics()),
        new Augmentation(flip, or(crop, 0.0), or(rotation, 0.0), or(zoom, 0.0)),
        patience == null ? OptionalInt.empty() : OptionalInt.of(patience));
  }

  private static OptionalDouble optional(Double given) {
    return given == null ? OptionalDouble.empty() : OptionalDouble.of(given);
  }

  private static <T> T or(T given, T byDefault) {
    return given == null ? byDefault : given;
  }

  private FineTuneOptions allowed() {
    try {
      return options();
    } catch (FineTuneException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  @Override
  public Integer call() {
    ModelSource source = model.source(spec);
    FineTuneOptions options = allowed();
    OutputPaths.requireFolder("--output", output);
    FineTuneResult result;
    try (ProgressBar bar = Progress.bar("reading", -1)) {
      result = FineTuner.run(source, images, output, options, new Shown(bar));
    }
    Path wrong = sheet(result);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("model", result.model().toString());
      values.put("labels", result.labels());
      values.put("accuracy", result.accuracy());
      values.put("epoch", result.epoch());
      values.put("validated", result.validated());
      values.put("confusion", result.confusion());
      values.put("misclassified", result.misclassified());
      values.put("skipped", result.skipped());
      out.println(Json.line(values));
    } else {
      printConfusion(out, result);
      out.printf(
          Locale.ROOT,
          "%naccuracy %.1f %% on %s images%nmodel: %s%npictures: %s%n",
          100 * result.accuracy(),
          result.validated() ? "held-out" : "the training",
          result.model(),
          String.join(
              ", ",
              output.resolve("learning-curve.svg").toString(),
              output.resolve("confusion-matrix.svg").toString(),
              wrong.toString()));
      sayWhereTheyPart(result.history().get(result.epoch() - 1));
    }
    return ExitCode.OK;
  }

  private Path sheet(FineTuneResult result) {
    try {
      return MisclassifiedSheet.write(output, images, result);
    } catch (IOException e) {
      throw new CommandFailure(
          output.resolve(MisclassifiedSheet.FILE) + " cannot be written: " + e.getMessage(), e);
    }
  }

  private void sayWhereTheyPart(EpochFigures last) {
    Double held = last.validationAccuracy();
    if (held != null && last.accuracy() - held > PARTED) {
      spec.commandLine()
          .getErr()
          .printf(
              Locale.ROOT,
              "training and validation part: %.1f %% and %.1f %% are right. More images, fewer"
                  + " epochs%s may help%n",
              100 * last.accuracy(),
              100 * held,
              headOnly ? "" : ", --head-only");
    }
  }

  private static void printConfusion(PrintWriter out, FineTuneResult result) {
    List<String> labels = result.labels();
    int width = Math.max(5, labels.stream().mapToInt(String::length).max().orElse(0)) + 2;
    String cell = "%" + width + "s";
    out.printf("%n" + cell, "");
    labels.forEach(label -> out.printf(cell, label));
    out.println("   <- classified as");
    for (int i = 0; i < labels.size(); i++) {
      out.printf(cell, labels.get(i));
      for (int count : result.confusion()[i]) {
        out.printf(cell, count);
      }
      out.println();
    }
  }

  /** Shows how it goes: bars and lines for people, objects for programs. */
  private final class Shown implements FineTuneListener {
    private final ProgressBar bar;

    Shown(ProgressBar bar) {
      this.bar = bar;
    }

    private void say(String line) {
      PrintWriter err = spec.commandLine().getErr();
      err.println(line);
      err.flush();
    }

    @Override
    public void reading(int done, int all) {
      bar.maxHint(all);
      bar.stepTo(done);
    }

    @Override
    public void skipped(String fileAndReason) {
      say("skipped " + fileAndReason);
    }

    @Override
    public void resumed(int epochs) {
      say("going on after epoch " + epochs);
    }

    @Override
    public void stopped(int bestEpoch) {
      say("stopped: no epoch after " + bestEpoch + " had a smaller validation loss");
    }

    @Override
    public void step(int epoch, int step, int steps, double loss, double accuracy) {
      bar.maxHint(steps);
      bar.stepTo(step);
      bar.setExtraMessage(
          String.format(Locale.ROOT, "epoch %d, loss %.4f, accuracy %.3f", epoch, loss, accuracy));
    }

    @Override
    public void epoch(EpochFigures figures) {
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(Json.line(figures));
      } else {
        out.printf(
            Locale.ROOT,
            "epoch %d  loss %.4f  accuracy %.3f%s  %.1f s%n",
            figures.epoch(),
            figures.loss(),
            figures.accuracy(),
            figures.validationLoss() == null
                ? ""
                : String.format(
                    Locale.ROOT,
                    "  validation loss %.4f  accuracy %.3f",
                    figures.validationLoss(),
                    figures.validationAccuracy()),
            figures.seconds());
      }
      out.flush();
    }
  }
}
