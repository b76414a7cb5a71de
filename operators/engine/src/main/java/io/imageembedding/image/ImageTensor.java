// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.tensorflow.Ownership;
import org.tensorflow.types.TFloat32;

/**
 * The input of one model call: up to {@code capacity} images of {@code size x size} RGB pixels,
 * laid out as {@code [count, size, size, 3]} float32 in native memory that this object owns. Pixels
 * are given in [0,1]; a centred tensor keeps them as 2x - 1, in [-1,1], as the first layer of a
 * MobileNet takes them. A model that does not run on TensorFlow takes them {@link #onHeap on the
 * Java heap}.
 *
 * <p>Images are appended one after the other by {@link ImageDecoder}; {@link #clear()} makes the
 * same memory ready for the next batch. Not thread-safe.
 */
@PublicEvolving
public final class ImageTensor implements AutoCloseable {
  private final int size;
  private final int capacity;
  private final boolean centred;
  private final ImageMemory memory;
  private float[] scratch;
  private int count;

  /**
   * Allocates the memory.
   *
   * @param size width and height of every image in pixels
   * @param capacity most images that can be held at a time
   */
  public ImageTensor(int size, int capacity) {
    this(size, capacity, false, false);
  }

  /** Memory as of {@link #ImageTensor(int, int)}, for pixels in [-1,1]. */
  public static ImageTensor centred(int size, int capacity) {
    return new ImageTensor(size, capacity, true, false);
  }

  /**
   * Memory as of {@link #ImageTensor(int, int)} on the Java heap. No class of TensorFlow is loaded
   * for it, nor for decoding images into it, which the JDK's readers do where TensorFlow's would;
   * so there is no {@link #tensor()}, but {@link #image}.
   */
  public static ImageTensor onHeap(int size, int capacity) {
    return new ImageTensor(size, capacity, false, true);
  }

  private ImageTensor(int size, int capacity, boolean centred, boolean onHeap) {
    if (size <= 0 || capacity <= 0) {
      throw new IllegalArgumentException(
          "size and capacity must be positive, not " + size + " and " + capacity);
    }
    this.size = size;
    this.capacity = capacity;
    this.centred = centred;
    memory = onHeap ? new HeapMemory(size, capacity) : new NativeMemory(size, capacity);
  }

  /** Whether the pixels are on the Java heap. */
  public boolean isOnHeap() {
    return memory instanceof HeapMemory;
  }

  /** Whether the pixels are kept in [-1,1]. */
  public boolean isCentred() {
    return centred;
  }

  /** Width and height of every image, in pixels. */
  public int size() {
    return size;
  }

  public int capacity() {
    return capacity;
  }

  /** How many images are in it now. */
  public int count() {
    return count;
  }

  /** Forgets the images; the memory stays. */
  public void clear() {
    count = 0;
  }

  /**
   * Appends one image.
   *
   * @param rgb {@code size * size * 3} values in [0,1], row by row
   */
  public void append(float[] rgb) {
    requireRoom(1);
    if (rgb.length != imageLength()) {
      throw new IllegalArgumentException(
          "expected " + imageLength() + " values, not " + rgb.length);
    }
    float[] kept = rgb;
    if (centred) {
      scratch = scratch == null ? new float[imageLength()] : scratch;
      kept = scratch;
      for (int i = 0; i < rgb.length; i++) {
        kept[i] = rgb[i] * 2 - 1;
      }
    }
    memory.write((long) count * imageLength(), kept);
    count++;
  }

  private int imageLength() {
    return size * size * 3;
  }

  /**
   * @throws IllegalStateException if there is no room for as many more
   */
  void requireRoom(int images) {
    if (count + images > capacity) {
      throw new IllegalStateException("holds " + count + " images, of " + capacity);
    }
  }

  /**
   * The pixels of one image as they are kept, row by row, copied.
   *
   * @param index from 0
   */
  public float[] image(int index) {
    if (index < 0 || index >= count) {
      throw new IndexOutOfBoundsException(index + " of " + count);
    }
    return memory.read((long) index * imageLength(), imageLength());
  }

  /**
   * The images as a tensor {@code [count, size, size, 3]}, valid until the next call on this
   * object; the caller does not close it.
   *
   * @throws IllegalStateException if the pixels are on the Java heap
   */
  public TFloat32 tensor() {
    if (memory instanceof NativeMemory tensor) {
      return tensor.tensor(count);
    }
    throw new IllegalStateException("the images are on the Java heap, not in a tensor");
  }

  /** A tensor of its own with images {@code from} (inclusive) to {@code to} (exclusive). */
  public ImageTensor copyOfRange(int from, int to) {
    if (from < 0 || to > count || from >= to) {
      throw new IndexOutOfBoundsException(from + " to " + to + " of " + count);
    }
    try (Ownership unfinished = new Ownership()) {
      ImageTensor copy = unfinished.add(new ImageTensor(size, to - from, centred, isOnHeap()));
      long length = imageLength();
      memory.copyTo(from * length, copy.memory, (to - from) * length);
      copy.count = to - from;
      return unfinished.release(copy);
    }
  }

  /**
   * Fills another tensor, of the same size and range, with these images and no others.
   *
   * @param from index of the first image, from 0
   */
  public void copyTo(int from, ImageTensor other) {
    int copied = other.capacity;
    boolean alike =
        other.size == size && other.centred == centred && other.isOnHeap() == isOnHeap();
    if (from < 0 || from + copied > count || !alike) {
      throw new IllegalArgumentException(
          copied + " images from " + from + " of " + count + " to another tensor");
    }
    long length = imageLength();
    memory.copyTo(from * length, other.memory, copied * length);
    other.count = copied;
  }

  @Override
  public void close() {
    memory.close();
  }
}
