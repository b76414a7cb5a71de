// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.tensorflow.Ownership;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.types.TFloat32;

/** A tensor of TensorFlow's. Owns native memory. */
final class NativeMemory implements ImageMemory {
  static {
    TensorFlowRuntime.prepare();
  }

  private final Ownership owned = new Ownership();
  private final int size;
  private final int capacity;
  private final TFloat32 full;
  private final FloatDataBuffer floats;
  private TFloat32 part;

  NativeMemory(int size, int capacity) {
    this.size = size;
    this.capacity = capacity;
    try {
      this.full = owned.add(TFloat32.tensorOf(Shape.of(capacity, size, size, 3)));
      this.floats = full.asRawTensor().data().asFloats();
    } catch (Throwable e) {
      throw owned.closeAfter(e);
    }
  }

  @Override
  public void write(long at, float[] numbers) {
    floats.offset(at).write(numbers);
  }

  @Override
  public float[] read(long at, int count) {
    float[] numbers = new float[count];
    floats.offset(at).read(numbers);
    return numbers;
  }

  @Override
  public void copyTo(long from, ImageMemory other, long count) {
    floats.offset(from).copyTo(((NativeMemory) other).floats, count);
  }

  /** The first images as a tensor, valid until the next call. */
  TFloat32 tensor(int count) {
    if (count == capacity) {
      return full;
    }
    if (part == null || part.shape().get(0) != count) {
      closePart();
      part = owned.add(TFloat32.tensorOf(Shape.of(count, size, size, 3)));
    }
    floats.copyTo(part.asRawTensor().data().asFloats(), (long) count * size * size * 3);
    return part;
  }

  private void closePart() {
    if (part != null) {
      TFloat32 old = part;
      part = null;
      owned.release(old).close();
    }
  }

  @Override
  public void close() {
    part = null;
    owned.close();
  }
}
