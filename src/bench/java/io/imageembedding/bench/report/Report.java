// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.report;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Everything that was measured, printed as it comes. */
public final class Report {
  private final PrintWriter out;
  private final List<Row> rows = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private boolean failed;

  public Report(PrintWriter out) {
    this.out = out;
    line("NAME", "VALUE", "UNIT", "AGAINST", "THEIRS", "RATIO", "SPREAD");
  }

  public void add(Row row) {
    rows.add(row);
    line(
        row.name(),
        figure(row.value()),
        row.unit(),
        row.against() == null ? "" : row.against(),
        row.theirs() == null ? "" : figure(row.theirs()),
        row.ratio() == null ? "" : figure(row.ratio()),
        spread(row));
  }

  /** Says what a reader has to know beside the figures, such as what was left out. */
  public void note(String text) {
    notes.add(text);
    out.println(text);
    out.flush();
  }

  /** Says that a section is done. */
  public void progress(String section, double seconds) {
    out.printf("-- %s took %.0f s%n", section, seconds);
    out.flush();
  }

  /** Says that a section has no figures, or not all, and why. */
  public void failure(String section, Exception cause) {
    failed = true;
    note(section + " failed: " + cause.getMessage());
    cause.printStackTrace();
  }

  public boolean failed() {
    return failed;
  }

  public List<Row> rows() {
    return rows;
  }

  List<String> notes() {
    return notes;
  }

  private void line(Object... cells) {
    out.println(String.format("%-30s %10s %-10s %-42s %10s %7s  %s", cells).stripTrailing());
    out.flush();
  }

  static String spread(Row row) {
    return figure(row.low()) + " .. " + figure(row.high());
  }

  /** Three digits that count. */
  public static String figure(double value) {
    double size = Math.abs(value);
    String format = size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 0.1 ? "%.2f" : "%.2g";
    return String.format(Locale.ROOT, format, value);
  }
}
