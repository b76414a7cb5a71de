// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench;

import io.imageembedding.it.JavaProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The interpreter that {@code BENCH_PYTHON} names, for rivals that are not in Java. */
final class Python {
  static final String INTERPRETER =
      Optional.ofNullable(System.getenv("BENCH_PYTHON")).orElse("python3");

  private Python() {}

  static Path script(String name) {
    return JavaProcess.project().resolve("src/bench/python").resolve(name);
  }

  /** Whether the modules can be imported, separated by commas. */
  static boolean has(String modules) throws InterruptedException {
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
