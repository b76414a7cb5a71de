// SPDX-License-Identifier: Apache-2.0
package com.example;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.Embedded;
import io.imageembedding.flink.ImageEmbedding;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Embeds the files that it is called with. */
public final class EmbedFiles {
  public static void main(String[] files) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    describe(env.fromData(files)).print();
    env.execute("embed files");
  }

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
}
