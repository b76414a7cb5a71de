// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import io.imageembedding.bench.fixture.Fixtures;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A process that embeds one photo, says so, and ends: {@code FirstEmbedding PHOTO}. */
public final class FirstEmbedding {
  public static final String DONE = "embedded";

  private FirstEmbedding() {}

  /** The process itself. */
  public static void main(String[] args) throws IOException {
    byte[] photo = Files.readAllBytes(Path.of(args[0]));
    try (ImageEmbedder embedder =
        new ImageEmbedder(Fixtures.model(Precision.FP32), EmbedSettings.ofBatches(1))) {
      Outcome outcome = embedder.embed(1, index -> photo).get(0);
      if (outcome instanceof Embedding) {
        System.out.println(DONE);
      }
    }
  }
}
