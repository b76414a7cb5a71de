// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.engine;

/** A network as one thread calls it. */
public interface Engine extends AutoCloseable {

  /** Puts images where the network takes them from, in whatever form is best for it. */
  void load(float[] pixels, int count) throws Exception;

  /** Vectors of the images that were put there, as an array of Java's for each. */
  float[][] embed() throws Exception;

  @Override
  void close() throws Exception;

  /** Makes engines of one kind, which may share what is worth sharing. */
  interface Factory extends AutoCloseable {

    Engine create() throws Exception;

    @Override
    default void close() throws Exception {}
  }
}
