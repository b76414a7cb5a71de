// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.schema.SchemaRegistry;
import io.imageembedding.schema.WireFormat;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.Version;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.flink.annotation.Internal;

/** Where the images of a store's vectors can be read again. May be used by several threads. */
@Internal
public interface ImageSource extends AutoCloseable {

  /**
   * The encoded image, of any content; empty if it is not there, or not where images may be read.
   *
   * @param id under which it is in the store
   * @param version where its vector came from
   * @param image what is kept beside its vector
   * @throws IOException if it is there but cannot be read now
   */
  Optional<byte[]> find(String id, Version version, ImageMetadata image) throws IOException;

  @Override
  default void close() {}

  /**
   * Files that were embedded from a folder, where the store says that they were. Nothing outside of
   * that folder, whatever its links lead to, and nothing that came from a topic.
   *
   * @param indexed what was indexed here: the store may say what it likes of others
   */
  static ImageSource indexedFiles(Set<Path> indexed) {
    return new IndexedFiles(Optional.empty(), Set.copyOf(indexed));
  }

  /**
   * Files below a folder, where the store says that they are or else under their ids; whatever came
   * from elsewhere is not looked for.
   *
   * @throws IOException if there is no such folder
   */
  static ImageSource filesBelow(Path folder) throws IOException {
    return new IndexedFiles(Optional.of(folder.toRealPath()), Set.of());
  }

  /**
   * The messages of topics that the vectors were made of, as long as the topics keep them.
   *
   * @param clientProperties of a Kafka consumer
   * @param format of the messages
   * @param registry null unless the format needs it
   */
  static ImageSource messages(
      Properties clientProperties, WireFormat format, SchemaRegistry registry) {
    return new TopicImages(clientProperties, format, registry);
  }

  /** This one, and where an image is not there, another. */
  default ImageSource or(ImageSource other) {
    ImageSource first = this;
    return new ImageSource() {
      @Override
      public Optional<byte[]> find(String id, Version version, ImageMetadata image)
          throws IOException {
        Optional<byte[]> found = first.find(id, version, image);
        return found.isPresent() ? found : other.find(id, version, image);
      }

      @Override
      public void close() {
        try (other) {
          first.close();
        }
      }
    };
  }
}
