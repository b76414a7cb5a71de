// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.cli.demo.DemoImages;
import io.imageembedding.cli.page.ContactSheet.Picture;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContactSheetTest {
  @TempDir Path folder;

  @Test
  void namesOfFilesAreTextAndNeverMarkup() throws Exception {
    byte[] jpeg = DemoImages.jpeg(new BufferedImage(300, 30, BufferedImage.TYPE_INT_RGB));
    Path file = folder.resolve("new/sheet.html");

    ContactSheet.write(
        file,
        "1 < 2",
        "a & b",
        List.of(
            List.of(
                new Picture("\"><script>alert(1)</script>.jpg", List.of("<b>"), jpeg, true),
                new Picture("broken", List.of(), new byte[] {1, 2}, false),
                new Picture("gone", List.of(), null, true))));

    assertThat(Files.readString(file))
        .doesNotContain("<script>", "<b>")
        .contains(
            "&quot;&gt;&lt;script&gt;",
            "1 &lt; 2",
            "a &amp; b",
            "class=\"other\"><div class=\"lost\">");
  }
}
