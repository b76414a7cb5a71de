// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Charts of a training, as SVG. */
final class Charts {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 300;
  private static final int LEFT = 60;
  private static final int TOP = 40;
  private static final int CELL = 48;
  private static final String TRAINING = "#1f6fb4";
  private static final String VALIDATION = "#d1610d";

  private Charts() {}

  private static String text(double x, double y, String anchor, String content) {
    return String.format(
        Locale.ROOT,
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
        x,
        y,
        anchor,
        content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"));
  }

  private static String svg(int width, int height, String content) {
    return String.format(
        Locale.ROOT,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d"
            + " %d\" font-family=\"sans-serif\" font-size=\"12\">%n<rect width=\"100%%\""
            + " height=\"100%%\" fill=\"white\"/>%n%s</svg>%n",
        width,
        height,
        width,
        height,
        content);
  }

  /** Loss above, accuracy below, by epoch; training and validation. */
  static String learningCurve(List<EpochFigures> history) {
    double highest =
        history.stream()
            .mapToDouble(
                figures ->
                    Math.max(
                        figures.loss(),
                        figures.validationLoss() == null ? 0 : figures.validationLoss()))
            .max()
            .orElse(1);
    return svg(
        WIDTH + 160,
        2 * HEIGHT + 40,
        panel(history, "loss", 0, highest * 1.05, EpochFigures::loss, EpochFigures::validationLoss)
            + panel(
                history,
                "accuracy",
                HEIGHT,
                1,
                EpochFigures::accuracy,
                EpochFigures::validationAccuracy));
  }

  private static String panel(
      List<EpochFigures> history,
      String name,
      int offset,
      double highest,
      Function<EpochFigures, Double> training,
      Function<EpochFigures, Double> validation) {
    int top = offset + TOP;
    int bottom = offset + HEIGHT - 20;
    StringBuilder content = new StringBuilder(text(LEFT, top - 14, "start", name));
    for (int i = 0; i <= 4; i++) {
      double y = bottom - (bottom - top) * i / 4.0;
      content.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>%n",
              LEFT,
              y,
              WIDTH,
              y));
      content.append(
          text(LEFT - 6, y + 4, "end", String.format(Locale.ROOT, "%.2f", highest * i / 4)));
    }
    int every = Math.max(1, history.size() / 10);
    for (int i = 0; i < history.size(); i += every) {
      content.append(text(x(history, i), bottom + 16, "middle", "" + history.get(i).epoch()));
    }
    content.append(text(WIDTH + 12, bottom + 16, "start", "epoch"));
    content.append(line(history, training, highest, top, bottom, TRAINING, "training"));
    content.append(line(history, validation, highest, top, bottom, VALIDATION, "validation"));
    return content.toString();
  }

  private static double x(List<EpochFigures> history, int index) {
    int last = Math.max(1, history.size() - 1);
    return LEFT + (WIDTH - LEFT) * (double) index / last;
  }

  private static String line(
      List<EpochFigures> history,
      Function<EpochFigures, Double> value,
      double highest,
      int top,
      int bottom,
      String colour,
      String name) {
    StringBuilder points = new StringBuilder();
    StringBuilder dots = new StringBuilder();
    double y = bottom;
    for (int i = 0; i < history.size(); i++) {
      Double number = value.apply(history.get(i));
      if (number != null) {
        y = bottom - (bottom - top) * Math.min(1, number / highest);
        points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(history, i), y));
        dots.append(
            String.format(
                Locale.ROOT,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>%n",
                x(history, i),
                y,
                colour));
      }
    }
    if (points.isEmpty()) {
      return "";
    }
    double legend = top + (name.equals("training") ? 10 : 28);
    return String.format(
            Locale.ROOT,
            "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>%n",
            points.toString().strip(),
            colour)
        + dots
        + String.format(
            Locale.ROOT,
            "<rect x=\"%d\" y=\"%.1f\" width=\"12\" height=\"12\" fill=\"%s\"/>%n",
            WIDTH + 16,
            legend - 10,
            colour)
        + text(WIDTH + 34, legend, "start", name);
  }

  /** A row for each true class, a column for each that it was taken for. */
  static String confusionMatrix(List<String> labels, int[][] confusion) {
    int longest = labels.stream().mapToInt(String::length).max().orElse(1);
    int margin = 40 + longest * 8;
    int size = labels.size() * CELL;
    StringBuilder content = new StringBuilder();
    content.append(text(margin + size / 2.0, 18, "middle", "classified as"));
    for (int i = 0; i < labels.size(); i++) {
      double middle = margin + i * CELL + CELL / 2.0;
      content.append(text(margin - 8, middle + 4, "end", labels.get(i)));
      content.append(
          String.format(
              Locale.ROOT,
              "<g transform=\"translate(%.1f %d) rotate(-60)\">%s</g>%n",
              middle + 4,
              margin - 8,
              text(0, 0, "start", labels.get(i))));
      int sum = 0;
      for (int count : confusion[i]) {
        sum += count;
      }
      for (int j = 0; j < labels.size(); j++) {
        double share = sum == 0 ? 0 : (double) confusion[i][j] / sum;
        content.append(
            String.format(
                Locale.ROOT,
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\""
                    + " fill-opacity=\"%.2f\" stroke=\"#bbb\"/>%n",
                margin + j * CELL,
                margin + i * CELL,
                CELL,
                CELL,
                i == j ? TRAINING : VALIDATION,
                share * 0.7));
        content.append(
            text(
                margin + j * CELL + CELL / 2.0,
                margin + i * CELL + CELL / 2.0 + 4,
                "middle",
                "" + confusion[i][j]));
      }
    }
    return svg(margin + size + margin, margin + size + 20, content.toString());
  }
}
