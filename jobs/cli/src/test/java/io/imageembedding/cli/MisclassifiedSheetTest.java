// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.cli.demo.DemoImages;
import io.imageembedding.training.FineTuneResult;
import io.imageembedding.training.Misclassified;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MisclassifiedSheetTest {
  @TempDir Path folder;

  @Test
  void picturesAreShownAndNamesAreTextAndNeverMarkup() throws Exception {
    byte[] jpeg = DemoImages.jpeg(new BufferedImage(300, 30, BufferedImage.TYPE_INT_RGB));
    String hostile = "<img src=x onerror=alert(1)>&\".jpg";
    Files.createDirectory(folder.resolve("cat"));
    Files.write(folder.resolve("cat").resolve(hostile), jpeg);

    String html =
        sheet(
            List.of(
                new Misclassified("cat/" + hostile, "cat", "<b>dog</b>", 0.875),
                new Misclassified("cat/gone.jpg", "cat", "cow", 0.5)));

    assertThat(html)
        .doesNotContain("<img src=x", "<b>")
        .contains(
            "2 of the held-out images are taken for another class",
            "cat → &lt;b&gt;dog&lt;/b&gt;",
            "cat/&lt;img src=x onerror=alert(1)&gt;&amp;&quot;.jpg",
            "87.5 %",
            "src=\"data:image/jpeg;base64,",
            "<div class=\"lost\">no image</div>");
  }

  @Test
  void aPageHasAHundredPicturesAtMostAndTheSurestOnes() throws Exception {
    List<Misclassified> many = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      many.add(new Misclassified("cat/" + i + ".jpg", "cat", "dog", i / 1000.0));
    }

    String html = sheet(many);

    assertThat(html)
        .contains("1000 of the held-out images", "the 100 surest", "cat/999.jpg", "cat/900.jpg")
        .doesNotContain("cat/899.jpg");
    assertThat(html.split("<figure>", -1)).hasSize(101);
  }

  private String sheet(List<Misclassified> misclassified) throws Exception {
    FineTuneResult result =
        new FineTuneResult(
            folder.resolve("model"),
            List.of("cat", "dog"),
            List.of(),
            1,
            new int[2][2],
            true,
            misclassified,
            List.of());
    return Files.readString(MisclassifiedSheet.write(folder, folder, result));
  }
}
