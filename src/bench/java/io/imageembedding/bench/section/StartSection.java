// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.contender.FirstEmbedding;
import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.report.Report;
import io.imageembedding.bench.report.Row;
import io.imageembedding.bench.report.Samples;
import io.imageembedding.it.JavaProcess;
import io.imageembedding.safety.FileTrees;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * From the start of a fresh JVM to its first embedding: cold, where TensorFlow's native libraries
 * have to be unpacked, and warm.
 */
final class StartSection implements Section {

  @Override
  public String name() {
    return "start";
  }

  @Override
  public void measure(Setting setting, Report report) throws Exception {
    Samples cold = new Samples();
    Samples warm = new Samples();
    for (int i = 0; i < setting.plan().starts(); i++) {
      Path cache = Files.createTempDirectory(setting.folder(), "cache-");
      cold.add(millisToFirst(setting.folder(), cache));
      warm.add(millisToFirst(setting.folder(), cache));
      FileTrees.discard(cache);
    }
    report.add(Row.alone("start/cold", cold, "ms"));
    report.add(Row.alone("start/warm", warm, "ms"));
  }

  private static double millisToFirst(Path folder, Path cache)
      throws IOException, InterruptedException {
    List<String> command =
        JavaProcess.command(
            List.of("-Dorg.bytedeco.javacpp.cachedir=" + cache),
            FirstEmbedding.class,
            List.of(folder.resolve(Fixtures.SMALL_JPEG).toString()));
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(command).redirectError(folder.resolve("start.log").toFile()).start();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      String line = out.readLine();
      double millis = (System.nanoTime() - start) / 1e6;
      if (!FirstEmbedding.DONE.equals(line) || process.waitFor() != 0) {
        throw new IOException("no embedding; see " + folder.resolve("start.log"));
      }
      return millis;
    }
  }
}
