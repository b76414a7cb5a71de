// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.util.List;

/** A page that draws what a soak measured; it needs nothing but itself. */
final class SoakPage {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 140;

  private SoakPage() {}

  /**
   * @param summary lines above the drawings
   */
  static String of(SoakRecord record, List<String> summary) {
    StringBuilder page =
        new StringBuilder(
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Soak</title>
            <style>body{font:14px sans-serif;max-width:960px;margin:2em auto}
            svg{background:#f7f7f7}polyline{fill:none;stroke:#1f5fa8;stroke-width:1.5}
            line{stroke:#d33;stroke-width:.6}.bad{color:#c00}text{font-size:11px;fill:#555}</style>
            </head><body><h1>Soak</h1>
            """);
    for (String line : summary) {
      page.append("<p>").append(escaped(line)).append("</p>\n");
    }
    for (SoakSeries.Finding finding : record.findings()) {
      page.append("<h2").append(finding.holds() ? "" : " class=\"bad\"").append('>');
      page.append(escaped(finding.series().title())).append("</h2>\n<p>");
      page.append(escaped(finding.line())).append("</p>\n");
      draw(page, record.points(finding.series()), record.events());
    }
    page.append("<h2>What was done</h2><ol>\n");
    for (SoakRecord.Event event : record.events()) {
      page.append("<li>%.0f s: %s</li>%n".formatted(event.seconds(), escaped(event.what())));
    }
    return page.append("</ol></body></html>\n").toString();
  }

  private static void draw(
      StringBuilder page, List<SoakSeries.Point> points, List<SoakRecord.Event> events) {
    double end = Math.max(1, points.get(points.size() - 1).seconds());
    double top = Math.max(1, points.stream().mapToDouble(SoakSeries.Point::value).max().orElse(1));
    page.append(
        "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">"
            .formatted(WIDTH, HEIGHT, WIDTH, HEIGHT));
    for (SoakRecord.Event event : events) {
      double x = event.seconds() / end * WIDTH;
      page.append("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>".formatted(x, x, HEIGHT));
    }
    page.append("<polyline points=\"");
    for (SoakSeries.Point point : points) {
      page.append(
          "%.1f,%.1f "
              .formatted(
                  point.seconds() / end * WIDTH, HEIGHT - point.value() / top * (HEIGHT - 14)));
    }
    page.append(
        "\"/><text x=\"4\" y=\"11\">%.0f</text><text x=\"%d\" y=\"%d\">%.0f s</text></svg>%n"
            .formatted(top, WIDTH - 60, HEIGHT - 4, end));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
