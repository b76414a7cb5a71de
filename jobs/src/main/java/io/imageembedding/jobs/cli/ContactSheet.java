// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** A page in one HTML file that needs nothing else: each image with its nearest others. */
final class ContactSheet {
  private static final int THUMBNAIL = 160;

  private static final String HEAD =
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Nearest images</title>
      <style>
      :root { color-scheme: light dark; }
      body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem auto; max-width: 62rem; padding: 0 1rem; }
      h1 { font-size: 1.4rem; } code { overflow-wrap: anywhere; }
      article { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem;
        border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .75rem 0; }
      figure { margin: 0; } figure:first-child { font-weight: 600; }
      img { width: 100%; aspect-ratio: 1; object-fit: contain;
        background: color-mix(in srgb, currentColor 8%, transparent); border-radius: .3rem; }
      figcaption { overflow-wrap: anywhere; font-size: .85rem; }
      .other { outline: 2px solid #c62828; }
      </style></head><body>
      """;

  /**
   * An image on the page.
   *
   * @param caption below it
   * @param bytes encoded image
   * @param expected whether it is what one would hope for
   */
  record Picture(String caption, byte[] bytes, boolean expected) {}

  private ContactSheet() {}

  /**
   * Writes the page.
   *
   * @param summary what it shows in one line
   * @param model what made the vectors
   * @param rows each an image, then its nearest
   */
  static void write(Path file, String summary, String model, List<List<Picture>> rows)
      throws IOException {
    StringBuilder html = new StringBuilder(HEAD);
    html.append("<h1>Nearest images</h1>\n<p>").append(escaped(summary)).append("</p>\n");
    html.append("<p><code>").append(escaped(model)).append("</code></p>\n");
    for (List<Picture> row : rows) {
      html.append("<article>\n");
      for (Picture picture : row) {
        html.append(picture.expected() ? "<figure>" : "<figure><div class=\"other\">");
        html.append("<img loading=\"lazy\" alt=\"").append(escaped(picture.caption()));
        html.append("\" src=\"").append(thumbnail(picture.bytes())).append("\">");
        html.append(picture.expected() ? "" : "</div>");
        html.append("<figcaption>").append(escaped(picture.caption()));
        html.append("</figcaption></figure>\n");
      }
      html.append("</article>\n");
    }
    html.append("</body></html>\n");
    if (file.toAbsolutePath().getParent() != null) {
      Files.createDirectories(file.toAbsolutePath().getParent());
    }
    Files.writeString(file, html);
  }

  private static String thumbnail(byte[] bytes) throws IOException {
    BufferedImage image = DemoImages.decode(bytes);
    if (image == null) {
      return "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";
    }
    double scale =
        Math.min(1.0, (double) THUMBNAIL / Math.max(image.getWidth(), image.getHeight()));
    int width = Math.max(1, (int) Math.round(image.getWidth() * scale));
    int height = Math.max(1, (int) Math.round(image.getHeight() * scale));
    BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = small.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, 0, 0, width, height, null);
    graphics.dispose();
    return "data:image/jpeg;base64," + Base64.getEncoder().encodeToString(DemoImages.jpeg(small));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  /** An image's caption: what it is called and how near it is. */
  static String caption(String id, double cosine) {
    return String.format(Locale.ROOT, "%s %.4f", id, cosine);
  }
}
