// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.image.UndecodableImageException;
import io.imageembedding.safety.Printable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.flink.annotation.Internal;

/** A page in one HTML file that needs nothing else: rows of images with what is said of each. */
@Internal
public final class ContactSheet {
  private static final String TITLE = "%TITLE%";
  private static final String HEAD =
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy"
        content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
      <title>%TITLE%</title>
      <style>
      :root { color-scheme: light dark; --ground: #f8f7f4; --well: #ebe9e3; --line: #dedad1;
        --ink: #1d1c1a; --quiet: #66625a; --alarm: #9c2b1f; }
      @media (prefers-color-scheme: dark) { :root { --ground: #151513; --well: #24231f;
        --line: #3a3731; --ink: #edeae3; --quiet: #a29d93; --alarm: #ffb4a6; } }
      body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem;
        padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 3rem; background: var(--ground);
        color: var(--ink); overflow-wrap: anywhere; }
      h1 { font-size: 1.5rem; letter-spacing: -.02em; margin: 0; } p { margin: .25rem 0; }
      code { font-size: .8125rem; color: var(--quiet); }
      article { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(10.5rem, 44%), 1fr));
        gap: 1.25rem 1rem; border-top: 1px solid var(--line); margin-top: 1.25rem; padding-top: 1.25rem; }
      figure { margin: 0; } figure:first-child .caption { font-weight: 650; }
      img, .lost { display: grid; place-content: center; width: 100%; aspect-ratio: 1;
        object-fit: contain; background: var(--well); border-radius: .625rem; color: var(--quiet); }
      figcaption { padding-top: .4375rem; font-size: .875rem; line-height: 1.35;
        font-variant-numeric: tabular-nums; }
      .fact { color: var(--quiet); font-size: .8125rem; }
      .other { outline: 2px solid var(--alarm); border-radius: .625rem; }
      </style></head><body>
      """;

  /**
   * An image on the page.
   *
   * @param caption below it
   * @param facts below that, each in a line
   * @param bytes encoded image; null where there is none
   * @param expected whether it is what one would hope for
   */
  public record Picture(String caption, List<String> facts, byte[] bytes, boolean expected) {}

  private ContactSheet() {}

  /** Writes a page whose rows are each an image, then its nearest. */
  public static void write(Path file, String summary, String model, List<List<Picture>> rows)
      throws IOException {
    write(file, "Nearest images", summary, model, rows);
  }

  /**
   * Writes the page.
   *
   * @param summary what it shows in one line
   * @param model what the page shows the work of
   * @param rows taken one after the other
   */
  public static void write(
      Path file, String title, String summary, String model, Iterable<List<Picture>> rows)
      throws IOException {
    StringBuilder html = new StringBuilder(HEAD.replace(TITLE, escaped(title)));
    html.append("<h1>").append(escaped(title)).append("</h1>\n<p>");
    html.append(escaped(summary)).append("</p>\n");
    html.append("<p><code>").append(escaped(model)).append("</code></p>\n");
    try (Thumbnails thumbnails = new Thumbnails()) {
      for (List<Picture> row : rows) {
        html.append("<article>\n");
        for (Picture picture : row) {
          append(picture, thumbnails, html);
        }
        html.append("</article>\n");
      }
    }
    html.append("</body></html>\n");
    if (file.toAbsolutePath().getParent() != null) {
      Files.createDirectories(file.toAbsolutePath().getParent());
    }
    Files.writeString(file, html);
  }

  private static void append(Picture picture, Thumbnails thumbnails, StringBuilder html)
      throws IOException {
    html.append(picture.expected() ? "<figure>" : "<figure><div class=\"other\">");
    html.append(image(picture, thumbnails));
    html.append(picture.expected() ? "" : "</div>");
    html.append("<figcaption><div class=\"caption\">");
    html.append(escaped(picture.caption())).append("</div>");
    for (String fact : picture.facts()) {
      html.append("<div class=\"fact\">").append(escaped(fact)).append("</div>");
    }
    html.append("</figcaption></figure>\n");
  }

  private static String image(Picture picture, Thumbnails thumbnails) throws IOException {
    if (picture.bytes() != null) {
      try {
        return "<img loading=\"lazy\" alt=\"%s\" src=\"%s\">"
            .formatted(escaped(picture.caption()), thumbnails.dataUrl(picture.bytes()));
      } catch (UndecodableImageException e) {
        // Shown as one that is not there.
      }
    }
    return "<div class=\"lost\">no image</div>";
  }

  private static String escaped(String text) {
    return Printable.line(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  /** An image's caption: what it is called and how near it is. */
  public static String caption(String id, double cosine) {
    return String.format(Locale.ROOT, "%s %.4f", id, cosine);
  }
}
