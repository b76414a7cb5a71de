// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import io.imageembedding.cli.page.ContactSheet;
import io.imageembedding.cli.page.ContactSheet.Picture;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.training.FineTuneResult;
import io.imageembedding.training.Misclassified;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A page with the images that a trained network takes for another class, the surest mistakes first:
 * they may be labelled wrongly. Images are read one row at a time.
 */
final class MisclassifiedSheet {
  static final String FILE = "misclassified.html";

  /** Pictures on the page, and in a row. */
  private static final int MOST = 100;

  private static final int MOST_IN_A_ROW = 12;

  private MisclassifiedSheet() {}

  /**
   * Writes the page into a folder.
   *
   * @param images folder that the network was trained with
   */
  static Path write(Path folder, Path images, FineTuneResult result) throws IOException {
    Map<String, List<Misclassified>> pairs = new LinkedHashMap<>();
    List<Misclassified> shown =
        result.misclassified().stream()
            .sorted(Comparator.comparingDouble(Misclassified::probability).reversed())
            .limit(MOST)
            .toList();
    for (Misclassified image : shown) {
      pairs
          .computeIfAbsent(image.label() + '\0' + image.takenFor(), unknown -> new ArrayList<>())
          .add(image);
    }
    List<List<Misclassified>> rows = new ArrayList<>();
    for (List<Misclassified> pair : pairs.values()) {
      for (int from = 0; from < pair.size(); from += MOST_IN_A_ROW) {
        rows.add(pair.subList(from, Math.min(pair.size(), from + MOST_IN_A_ROW)));
      }
    }
    Path file = folder.resolve(FILE);
    ContactSheet.write(
        file,
        "Wrongly classified images",
        summary(result, shown.size()),
        result.model().toString(),
        () -> rows.stream().map(row -> pictures(row, images)).iterator());
    return file;
  }

  private static String summary(FineTuneResult result, int shown) {
    int wrong = result.misclassified().size();
    return String.format(
        Locale.ROOT,
        "%d of the %s images are taken for another class%s",
        wrong,
        result.validated() ? "held-out" : "training",
        shown < wrong ? "; here are the " + shown + " surest, all are in training.json" : "");
  }

  private static List<Picture> pictures(List<Misclassified> row, Path images) {
    List<Picture> pictures = new ArrayList<>();
    for (Misclassified image : row) {
      pictures.add(
          new Picture(
              image.label() + " → " + image.takenFor(),
              List.of(
                  String.format(Locale.ROOT, "%.1f %%", 100 * image.probability()), image.file()),
              bytes(images.resolve(image.file())),
              true));
    }
    return pictures;
  }

  /** Null where the image cannot be shown any more. */
  private static byte @Nullable [] bytes(Path file) {
    try {
      return Files.size(file) > DecodeLimits.DEFAULT.maxBytes() ? null : Files.readAllBytes(file);
    } catch (IOException e) {
      return null;
    }
  }
}
