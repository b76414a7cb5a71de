// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.util.Arrays;

/** On the Java heap. */
final class HeapMemory implements ImageMemory {
  private final float[] numbers;

  HeapMemory(int size, int capacity) {
    numbers = new float[Math.multiplyExact(capacity, Math.multiplyExact(size * 3, size))];
  }

  @Override
  public void write(long at, float[] some) {
    System.arraycopy(some, 0, numbers, (int) at, some.length);
  }

  @Override
  public float[] read(long at, int count) {
    return Arrays.copyOfRange(numbers, (int) at, (int) at + count);
  }

  @Override
  public void copyTo(long from, ImageMemory other, long count) {
    System.arraycopy(numbers, (int) from, ((HeapMemory) other).numbers, 0, (int) count);
  }

  @Override
  public void close() {}
}
