// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.testkit.SampleImages;
import io.imageembedding.testkit.StreamHarness;
import io.imageembedding.testkit.TinyModel;
import java.io.PrintStream;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * A process that runs the operator over sample images by the tiny model, and prints the format of
 * each and the length of its vector.
 */
final class WithoutTensorFlow {
  private WithoutTensorFlow() {}

  public static void main(String[] args) throws Exception {
    PrintStream out = System.out;
    var embedding = ImageEmbedding.of((byte[] file) -> file).model(TinyModel.ofDimension(8));
    try (var harness = StreamHarness.of(TypeInformation.of(byte[].class), embedding::embed)) {
      for (byte[] file : SampleImages.ofEveryFormat(1).values()) {
        harness.send(file);
      }
      harness.checkpoint();
      for (Embedded<byte[]> answer : harness.read()) {
        Embedding found = (Embedding) answer.outcome();
        out.println(found.image().format() + " " + found.vector().length);
      }
    }
  }
}
