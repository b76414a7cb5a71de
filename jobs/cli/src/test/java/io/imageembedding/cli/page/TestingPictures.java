// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.model.ModelSource;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/** Pictures, and their vectors by a small network with made-up weights. */
final class TestingPictures implements AutoCloseable {
  static final ModelSource MODEL = ModelSource.parse("untrained:mobilenet_v2_0.35_96");

  private final ImageEmbedder embedder = new ImageEmbedder(MODEL, EmbedSettings.ofBatches(1));
  private final String store;

  TestingPictures(String store) {
    this.store = store;
  }

  /** A picture with a circle of the colour, so that each is another. */
  static byte[] png(int width, int height, Color color) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(color);
    graphics.fillOval(0, 0, width, height);
    graphics.dispose();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }

  /** The vector of a file, as it is indexed. */
  StoredVector ofFile(String id, Path file, byte[] image, long time) throws IOException {
    return of(id, image, Version.at(time), file.toUri().toString(), Map.of());
  }

  StoredVector of(
      String id, byte[] image, Version version, String uri, Map<String, String> attributes)
      throws IOException {
    Embedding embedding = (Embedding) embedder.embed(1, index -> image).get(0);
    return StoredVector.of(id, embedding, version, uri, null, attributes);
  }

  void write(StoredVector... vectors) {
    try (VectorStore writer = VectorStore.open(store, OpenMode.write(0))) {
      writer.upsert(List.of(vectors));
      writer.commit();
    }
  }

  @Override
  public void close() {
    embedder.close();
  }
}
