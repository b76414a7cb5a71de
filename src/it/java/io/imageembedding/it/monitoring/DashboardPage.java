// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.monitoring;

import com.fasterxml.jackson.databind.JsonNode;
import io.imageembedding.it.monitoring.MonitoringFiles.Panel;
import io.imageembedding.it.monitoring.MonitoringFiles.Target;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The dashboard's panels, drawn from what a Prometheus answers to their expressions: where there is
 * no Grafana, that is how one sees them. The page needs nothing but itself.
 */
final class DashboardPage {
  private static final int WIDTH = 420;
  private static final int HEIGHT = 150;
  private static final Pattern LABEL = Pattern.compile("\\{\\{(\\w+)}}");
  private static final List<String> COLOURS =
      List.of("#1f77b4", "#e07b00", "#2a9134", "#c8102e", "#7b4fb5", "#8a5a44", "#d456a8", "#666");

  private final StringBuilder page = new StringBuilder();
  private final Prometheus prometheus;
  private final Instant from;
  private final Instant to;
  private final Map<Instant, String> events;

  private DashboardPage(
      Prometheus prometheus, Instant from, Instant to, Map<Instant, String> events) {
    this.prometheus = prometheus;
    this.from = from;
    this.to = to;
    this.events = events;
  }

  private record Line(String name, JsonNode labels, List<double[]> points) {}

  /**
   * @param events what was done in that time, and when
   */
  static String of(Prometheus prometheus, Instant from, Instant to, Map<Instant, String> events)
      throws IOException, InterruptedException {
    return new DashboardPage(prometheus, from, to, new TreeMap<>(events)).draw();
  }

  private String draw() throws IOException, InterruptedException {
    page.append(
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>Image embedding</title>
        <style>body{font:13px "DejaVu Sans",sans-serif;margin:12px;width:1760px;color:#222}
        main{display:grid;grid-template-columns:repeat(24,1fr);gap:8px}
        .row{grid-column:span 24;font-weight:bold;margin:8px 0 0}
        .panel{border:1px solid #ddd;padding:6px;min-width:0;overflow:hidden}
        h2{font-size:13px;margin:0 0 4px}.stat{font-size:26px}.empty{color:#c00}
        svg{display:block;width:100%}text{font-size:10px;fill:#555}table{font-size:11px}
        th{text-align:left;padding-right:8px}td{word-break:break-all}
        .legend{font-size:11px;line-height:1.35}.legend i{display:inline-block;width:10px;height:3px;
        margin:0 4px 3px 8px}</style></head><body>
        """);
    page.append("<p>%s".formatted(from));
    int number = 0;
    for (Map.Entry<Instant, String> event : events.entrySet()) {
      page.append(
          "; %d after %d s: %s"
              .formatted(
                  ++number,
                  event.getKey().getEpochSecond() - from.getEpochSecond(),
                  escaped(event.getValue())));
    }
    page.append("</p><main>\n");
    for (Panel panel : MonitoringFiles.panels()) {
      if (panel.type().equals("row")) {
        page.append("<div class=\"row\">%s</div>%n".formatted(escaped(panel.title())));
      } else {
        panel(panel);
      }
    }
    return page.append("</main></body></html>\n").toString();
  }

  private void panel(Panel panel) throws IOException, InterruptedException {
    page.append(
        "<div class=\"panel\" style=\"grid-column:span %d\"><h2>%s</h2>"
            .formatted(panel.place().get("w").asInt(), escaped(panel.title())));
    List<Line> lines = new ArrayList<>();
    for (Target target : panel.targets()) {
      lines.addAll(lines(target));
    }
    if (lines.isEmpty()) {
      page.append("<p class=\"empty\">no data</p>");
    } else if (panel.type().equals("table")) {
      table(lines);
    } else if (panel.type().equals("stat")) {
      for (Line line : lines) {
        page.append(
            "<div><span class=\"stat\">%s</span> %s</div>"
                .formatted(
                    shown(line.points().get(line.points().size() - 1)[1], panel.unit()),
                    escaped(line.name())));
      }
    } else {
      chart(panel, lines);
    }
    page.append("</div>\n");
  }

  private List<Line> lines(Target target) throws IOException, InterruptedException {
    String range = to.getEpochSecond() - from.getEpochSecond() + "s";
    String expression = MonitoringFiles.chosen(target.expression(), "5s", range);
    List<Line> lines = new ArrayList<>();
    for (JsonNode series : prometheus.query(expression, from, to)) {
      List<double[]> points = new ArrayList<>();
      for (JsonNode value : series.get("values")) {
        double y = value.get(1).asDouble(Double.NaN);
        if (Double.isFinite(y)) {
          points.add(new double[] {value.get(0).asDouble() - from.getEpochSecond(), y});
        }
      }
      if (!points.isEmpty()) {
        JsonNode labels = series.get("metric");
        String name =
            LABEL
                .matcher(target.legend())
                .replaceAll(match -> labels.path(match.group(1)).asText());
        lines.add(new Line(name, labels, points));
      }
    }
    return lines;
  }

  private void table(List<Line> lines) {
    for (Line line : lines) {
      page.append("<table>");
      for (Map.Entry<String, JsonNode> label : line.labels().properties()) {
        page.append(
            "<tr><th>%s</th><td>%s</td></tr>"
                .formatted(escaped(label.getKey()), escaped(label.getValue().asText())));
      }
      double slots = line.points().get(line.points().size() - 1)[1];
      page.append("<tr><th>slots</th><td>%.0f</td></tr></table>".formatted(slots));
    }
  }

  private void chart(Panel panel, List<Line> lines) {
    double end = Math.max(1, to.getEpochSecond() - from.getEpochSecond());
    double top =
        lines.stream()
            .flatMap(line -> line.points().stream())
            .mapToDouble(point -> point[1])
            .max()
            .orElse(0);
    double scale = top > 0 ? (HEIGHT - 30) / top : 0;
    page.append("<svg viewBox=\"0 0 %d %d\">".formatted(WIDTH, HEIGHT));
    int number = 0;
    for (Instant event : events.keySet()) {
      double x = (event.getEpochSecond() - from.getEpochSecond()) / end * WIDTH;
      page.append(
          ("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"14\" y2=\"%d\" stroke=\"#bbb\" stroke-dasharray=\"2\"/>"
                  + "<text x=\"%.1f\" y=\"11\">%d</text>")
              .formatted(x, x, HEIGHT - 14, Math.max(2, x - 3), ++number));
    }
    for (int i = 0; i < lines.size(); i++) {
      page.append(
          "<path fill=\"none\" stroke-width=\"1.5\" stroke=\"%s\" d=\"".formatted(colour(i)));
      double last = Double.NEGATIVE_INFINITY;
      for (double[] point : lines.get(i).points()) {
        page.append(
            "%s%.1f %.1f "
                .formatted(
                    point[0] - last > 1.5 ? 'M' : 'L',
                    point[0] / end * WIDTH,
                    HEIGHT - 15 - point[1] * scale));
        last = point[0];
      }
      page.append("\"/>");
    }
    page.append(
        "<text x=\"2\" y=\"23\">%s</text><text x=\"2\" y=\"%d\">0</text><text x=\"%d\" y=\"%d\">%.0f s</text></svg>"
            .formatted(shown(top, panel.unit()), HEIGHT - 3, WIDTH - 36, HEIGHT - 3, end));
    page.append("<div class=\"legend\">");
    for (int i = 0; i < lines.size(); i++) {
      page.append(
          "<i style=\"background:%s\"></i>%s".formatted(colour(i), escaped(lines.get(i).name())));
    }
    page.append("</div>");
  }

  private static String colour(int line) {
    return COLOURS.get(line % COLOURS.size());
  }

  private static String shown(double value, String unit) {
    return switch (unit) {
      case "percentunit" -> "%.1f %%".formatted(100 * value);
      case "bytes", "Bps" ->
          (value < 1e6 ? "%.1f kB".formatted(value / 1e3) : "%.0f MB".formatted(value / 1e6))
              + (unit.equals("Bps") ? "/s" : "");
      case "s" ->
          value < 1
              ? "%.2f ms".formatted(1000 * value)
              : String.format(Locale.ROOT, "%.1f s", value);
      case "short" ->
          Math.abs(value) >= 100 || value == Math.rint(value)
              ? "%.0f".formatted(value)
              : "%.2f".formatted(value);
      default -> "%.0f %s".formatted(value, unit);
    };
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
