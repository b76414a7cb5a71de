// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.worker;

import io.imageembedding.bench.report.Plan;
import io.imageembedding.bench.report.Report;
import io.imageembedding.it.JavaProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The interpreter that {@code BENCH_PYTHON} names, for rivals that are not in Java. */
public final class Python {
  static final String INTERPRETER =
      Optional.ofNullable(System.getenv("BENCH_PYTHON")).orElse("python3");

  private Python() {}

  /**
   * The script of a rival. Where the interpreter lacks a module, the report says so, and there is
   * none; but the smoke run takes one that needs no module, so that what stands around it is run.
   *
   * @param modules that it imports, separated by commas
   */
  public static Optional<Path> rival(
      String section, String rival, String modules, String script, Plan plan, Report report)
      throws InterruptedException {
    if (has(modules)) {
      return Optional.of(script(script));
    }
    boolean standIn = plan == Plan.SMOKE && present();
    report.note(
        "%s: %s is %s: %s has none of it"
            .formatted(
                section,
                rival,
                standIn ? "played by a stand-in" : "left out",
                Path.of(INTERPRETER).getFileName()));
    return standIn ? Optional.of(script("stand_in.py")) : Optional.empty();
  }

  public static boolean present() throws InterruptedException {
    return has("json");
  }

  private static Path script(String name) {
    return JavaProcess.project().resolve("src/bench/python").resolve(name);
  }

  private static boolean has(String modules) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(INTERPRETER, "-c", "import " + modules)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(2, TimeUnit.MINUTES) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
