// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Files that decoders fail on, or that are made to hold them, with the right answer to each. */
public final class ImageCases {

  /** What stands for a code where an image is embedded. */
  public static final String EMBEDDED = "EMBEDDED";

  private static final int LONGEST_MESSAGE = 300;

  /**
   * A file.
   *
   * @param codes any of which is right
   * @param named what the message of a refusal says of the file
   */
  public record Case(Path file, Set<String> codes, String named) {

    /** The file's name, which no other case has. */
    public String name() {
      return file.getFileName().toString();
    }

    /**
     * Checks an answer.
     *
     * @param code of the refusal, or {@link #EMBEDDED}
     * @param message of the refusal; not looked at where there is none
     */
    public void check(String code, String message) {
      assertThat(code).as(name() + ": " + message).isIn(codes);
      if (!code.equals(EMBEDDED)) {
        assertThat(message).as(name()).contains(named).hasSizeLessThan(LONGEST_MESSAGE);
        assertThat(message.chars()).as(name()).noneMatch(Character::isISOControl);
      }
    }
  }

  private static final String UNSUPPORTED = "UNSUPPORTED_FORMAT";
  private static final String NO_IMAGE = "NOT_AN_IMAGE";

  private static final List<List<String>> REFUSED =
      List.of(
          List.of("tif-zstd.tif", UNSUPPORTED, "ZSTD"),
          List.of("tif-lzma.tif", UNSUPPORTED, "LZMA"),
          List.of("tif-webp.tif", UNSUPPORTED, "WebP"),
          List.of("other-jpegls.jpg", UNSUPPORTED, "JPEG-LS"),
          List.of("png-cgbi-iphone.png", UNSUPPORTED, "CgBI"),
          List.of("other-tga.tga", UNSUPPORTED, "TGA"),
          List.of("other-jxr.jxr", UNSUPPORTED, "JPEG XR"),
          List.of("other-brand-heis.heic", UNSUPPORTED, "HEIC"),
          List.of("other-brand-miaf.heic", UNSUPPORTED, "HEIC"),
          List.of("tif-dng-like-subifd.dng", UNSUPPORTED, "camera raw"),
          List.of("not-html-with-svg.jpg", NO_IMAGE, "HTML"),
          List.of("not-s3-xml.jpg", NO_IMAGE, "XML"),
          List.of("not-base64.jpg", NO_IMAGE, "base64 of a JPEG"),
          List.of("not-data-uri.jpg", NO_IMAGE, "data:"),
          List.of("not-gzip.jpg.gz", NO_IMAGE, "gzip"),
          List.of("not-gitlfs.jpg", NO_IMAGE, "git-lfs"),
          List.of("not-svg-bom.svg", UNSUPPORTED, "SVG"));

  private ImageCases() {}

  /** All of them; the calling test is skipped where there are none. */
  public static List<Case> all() throws IOException {
    List<Case> all = new ArrayList<>();
    for (List<String> each : REFUSED) {
      Path file = TestData.path("cases/refused/" + each.get(0));
      all.add(new Case(file, Set.of(each.get(1)), each.get(2)));
    }
    for (Path file : files("hostile")) {
      if (!file.toString().endsWith(".py")) {
        all.add(
            new Case(file, Set.of(EMBEDDED, "TOO_LARGE", "CORRUPT", UNSUPPORTED, "TRUNCATED"), ""));
      }
    }
    for (Path file : files("images")) {
      all.add(new Case(file, Set.of(EMBEDDED), ""));
    }
    assertThat(all).hasSizeGreaterThan(REFUSED.size() + 20);
    return all;
  }

  private static List<Path> files(String kind) throws IOException {
    try (Stream<Path> files = Files.list(TestData.path("cases/" + kind))) {
      return files.sorted().toList();
    }
  }
}
