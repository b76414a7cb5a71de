// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.bench.micro.DecodeBenchmark;
import io.imageembedding.bench.micro.Harness;
import io.imageembedding.bench.report.Report;
import io.imageembedding.bench.report.Row;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Encoded images to the network's input. */
final class DecodeSection implements Section {
  private static final Map<String, String> FILES = new LinkedHashMap<>();

  static {
    FILES.put("jpeg-500x375", Fixtures.SMALL_JPEG);
    FILES.put("jpeg-4000x3000", Fixtures.LARGE_JPEG);
    FILES.put("png-500x375", Fixtures.PNG);
    FILES.put("webp", Fixtures.WEBP);
  }

  @Override
  public String name() {
    return "decode";
  }

  @Override
  public void measure(Setting setting, Report report) throws Exception {
    Path webp = Path.of(System.getProperty("image-embedding.test-data", ""), "images/hostile");
    if (Files.exists(webp.resolve("hopper.webp"))) {
      Files.copy(
          webp.resolve("hopper.webp"),
          setting.folder().resolve(Fixtures.WEBP),
          StandardCopyOption.REPLACE_EXISTING);
    }
    for (Map.Entry<String, String> file : FILES.entrySet()) {
      String name = name() + "/" + file.getKey();
      if (!Files.exists(setting.folder().resolve(file.getValue()))) {
        report.note(name + " is left out: there is no such file among the test data");
        continue;
      }
      Map<String, String> parameters =
          Map.of("folder", setting.folder().toString(), "file", file.getValue());
      List<Harness.Timed> timed =
          new Harness(DecodeBenchmark.class, parameters, setting.plan()).run("ours", "imageIo");
      String against = "ImageIO and Java2D";
      report.add(Row.times(name, timed.get(0).times(), "ms", against, timed.get(1).times()));
      report.add(
          Row.times(name + "/heap", timed.get(0).bytes(), "bytes", against, timed.get(1).bytes()));
    }
  }
}
