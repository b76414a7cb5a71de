// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.example;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.Embedded;
import io.imageembedding.flink.ImageEmbedding;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.streaming.api.datastream.DataStream;

/** The README's example: the images of a stream of file names. */
final class EmbedFiles {
  private EmbedFiles() {}

  // README: begin
  static DataStream<String> describe(DataStream<String> files) {
    DataStream<Embedded<String>> embedded =
        ImageEmbedding.of((String file) -> Files.readAllBytes(Path.of(file))).embed(files);

    return embedded.map(
        answer -> {
          if (answer.outcome() instanceof Embedding embedding) {
            return answer.element() + ": " + embedding.vector().length + " features";
          }
          Refusal refusal = (Refusal) answer.outcome();
          return answer.element() + ": " + refusal.code() + ", " + refusal.message();
        });
  }
  // README: end
}
