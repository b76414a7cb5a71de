// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

/** The numbers of an {@link ImageTensor}, one image after the other. */
interface ImageMemory extends AutoCloseable {

  /**
   * Puts numbers there.
   *
   * @param at index of the first number
   */
  void write(long at, float[] numbers);

  /**
   * Numbers that were put there, copied.
   *
   * @param at index of the first number
   */
  float[] read(long at, int count);

  /**
   * Copies numbers to the beginning of other memory of the same kind.
   *
   * @param from index of the first number
   */
  void copyTo(long from, ImageMemory other, long count);

  @Override
  void close();
}
