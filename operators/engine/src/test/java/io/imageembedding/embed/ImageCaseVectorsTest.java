// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.embed;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.graph.Npy;
import io.imageembedding.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Pictures that decoders have shown wrongly, against vectors of reference pixels. */
class ImageCaseVectorsTest {
  private static final Preprocessing UPRIGHT =
      new Preprocessing(Orientation.APPLY, JpegDecoding.EXACT);

  @Test
  void vectorsAreThoseOfReferencePixels() throws IOException {
    Path folder = TestData.path("cases/images");
    Map<String, Npy> goldens = Npy.readArchive(TestData.path("cases/golden_images.npz"));
    assertThat(goldens).hasSizeGreaterThan(9);
    EmbedSettings settings = new EmbedSettings(UPRIGHT, DecodeLimits.DEFAULT, 1, 5, 0);
    try (ImageEmbedder embedder = new ImageEmbedder(ModelSource.parse("builtin"), settings)) {
      for (Map.Entry<String, Npy> golden : goldens.entrySet()) {
        String name = golden.getKey().replace(".npy", "");
        byte[] file = Files.readAllBytes(folder.resolve(name));
        Outcome outcome = embedder.embed(1, i -> file).get(0);
        assertThat(outcome).as("%s: %s", name, outcome).isInstanceOf(Embedding.class);
        assertThat(cosine(golden.getValue().values(), ((Embedding) outcome).vector()))
            .as(name)
            .isGreaterThan(bound(name));
      }
    }
  }

  @Test
  void aTiffInTilesThatReachBeyondItHasItsOwnSize() throws IOException {
    byte[] file = Files.readAllBytes(TestData.path("cases/images/tif-tile-larger-than-image.tif"));
    EmbedSettings settings = new EmbedSettings(UPRIGHT, DecodeLimits.DEFAULT, 1, 5, 0);
    try (ImageEmbedder embedder =
        new ImageEmbedder(ModelSource.parse("untrained:mobilenet_v2_0.35_96"), settings)) {
      Embedding embedding = (Embedding) embedder.embed(1, i -> file).get(0);
      assertThat(List.of(embedding.image().width(), embedding.image().height()))
          .containsExactly(50, 40);
    }
  }

  /** By what decoders of the format may differ: TensorFlow is its own reference. */
  private static double bound(String name) {
    if (name.endsWith(".gif") || name.endsWith(".bmp")) {
      return 0.9999;
    }
    if (name.endsWith(".webp")) {
      return name.contains("q10") ? 0.965 : 0.995;
    }
    return 0.999;
  }

  private static double cosine(double[] expected, float[] found) {
    double product = 0;
    double left = 0;
    double right = 0;
    for (int i = 0; i < expected.length; i++) {
      product += expected[i] * found[i];
      left += expected[i] * expected[i];
      right += (double) found[i] * found[i];
    }
    return product / Math.sqrt(left * right);
  }
}
