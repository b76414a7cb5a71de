// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.micro.CodecBenchmark;
import io.imageembedding.bench.micro.Harness;
import io.imageembedding.bench.report.Report;
import io.imageembedding.bench.report.Row;
import java.util.List;
import java.util.Map;

/** One embedding record to bytes and back. */
final class CodecSection implements Section {

  @Override
  public String name() {
    return "codec";
  }

  @Override
  public void measure(Setting setting, Report report) throws Exception {
    Harness harness = new Harness(CodecBenchmark.class, Map.of(), setting.plan());
    for (String way : List.of("write", "read")) {
      List<Harness.Timed> timed = harness.run(way + "Ours", way + "Specific", way + "Generic");
      add(way, timed, 1, "Avro's specific records", report);
      add(way, timed, 2, "Avro's generic records", report);
    }
  }

  private void add(
      String way, List<Harness.Timed> timed, int rival, String against, Report report) {
    String name = name() + "/" + way;
    Harness.Timed ours = timed.get(0);
    Harness.Timed theirs = timed.get(rival);
    report.add(Row.times(name, ours.times(), "us", against, theirs.times()));
    report.add(Row.times(name + "/heap", ours.bytes(), "bytes", against, theirs.bytes()));
  }
}
