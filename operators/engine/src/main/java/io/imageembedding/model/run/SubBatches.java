// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import io.imageembedding.annotation.Internal;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.Precision;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.tensorflow.Ownership;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a network on as many images at a time as it is fastest with, in portions of a power of two.
 * Which number that is depends on the processor's caches and on the precision: feature maps of one
 * image stay in them where those of eight do not. Owns the tensors of its portions.
 */
@Internal
public final class SubBatches implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SubBatches.class);

  /** Beyond it no processor has been seen to gain. */
  private static final int MOST = 4;

  private static final int ROUNDS = 3;

  /**
   * Of the time of fewer images at once. What is gained less may be chance, and is lost where other
   * slots use the same caches.
   */
  private static final double WORTH = 0.93;

  /** What has been measured in this process. */
  private static final Map<Kind, Integer> FASTEST = new ConcurrentHashMap<>();

  /** Networks that are equally fast. */
  record Kind(double multiplier, int inputSize, Precision precision) {}

  private final Function<ImageTensor, float[][]> network;
  private final int most;
  private final Map<Integer, ImageTensor> tensors = new TreeMap<>();
  private final Ownership owned = new Ownership();

  /**
   * @param network gives a vector for each image
   * @param most images at a time, a power of two
   */
  private SubBatches(Function<ImageTensor, float[][]> network, int most) {
    this.network = network;
    this.most = most;
  }

  /** One image at a time. */
  static SubBatches ofOne(Function<ImageTensor, float[][]> network) {
    return new SubBatches(network, 1);
  }

  /**
   * As many images at a time as are fastest, measured when the first network of the kind is loaded
   * in this process; no more than give each image the same bits.
   */
  static SubBatches fastest(
      Function<ImageTensor, float[][]> network, MobileNetV2 shape, Precision precision) {
    return fastest(network, shape, precision, System::nanoTime, FASTEST);
  }

  /**
   * @param clock gives nanoseconds
   * @param measured what was measured before, and takes what is now
   */
  static SubBatches fastest(
      Function<ImageTensor, float[][]> network,
      MobileNetV2 shape,
      Precision precision,
      LongSupplier clock,
      Map<Kind, Integer> measured) {
    Kind kind = new Kind(shape.multiplier(), shape.inputSize(), precision);
    Integer known = measured.get(kind);
    if (known == null) {
      // Two that measure at the same time do so under the load that they will run under.
      known = measured(network, shape.inputSize(), clock);
      measured.putIfAbsent(kind, known);
      LOG.info(
          "fastest portions of a batch for MobileNetV2 {} at {} pixels in {}: {}",
          kind.multiplier(),
          kind.inputSize(),
          precision.key(),
          known);
    }
    return new SubBatches(network, known);
  }

  private static int measured(
      Function<ImageTensor, float[][]> network, int inputSize, LongSupplier clock) {
    try (Ownership owned = new Ownership();
        ImageTensor images = new ImageTensor(inputSize, MOST)) {
      ModelProof.probes(inputSize).subList(0, MOST).forEach(images::append);
      List<SubBatches> candidates = new ArrayList<>();
      for (int count = 1; count <= MOST; count *= 2) {
        candidates.add(owned.add(new SubBatches(network, count)));
      }
      return fastest(candidates, images, clock);
    }
  }

  private static int fastest(List<SubBatches> candidates, ImageTensor images, LongSupplier clock) {
    float[][] vectors = candidates.get(0).run(images);
    List<SubBatches> equal =
        candidates.stream()
            .filter(candidate -> Arrays.deepEquals(candidate.run(images), vectors))
            .toList();
    Map<SubBatches, long[]> nanos = new HashMap<>();
    equal.forEach(candidate -> nanos.put(candidate, new long[ROUNDS]));
    for (int round = 0; round < ROUNDS; round++) {
      for (SubBatches candidate : equal) {
        long start = clock.getAsLong();
        candidate.run(images);
        nanos.get(candidate)[round] = clock.getAsLong() - start;
      }
    }
    SubBatches fastest = equal.get(0);
    for (SubBatches candidate : equal) {
      if (median(nanos.get(candidate)) < WORTH * median(nanos.get(fastest))) {
        fastest = candidate;
      }
    }
    return fastest.most;
  }

  public static long median(long[] values) {
    long[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** The images' vectors, in their order. */
  float[][] run(ImageTensor images) {
    int count = images.count();
    if (count == 1 || count == most) {
      return network.apply(images);
    }
    float[][] vectors = new float[count][];
    for (int from = 0; from < count; ) {
      int size = Math.min(most, Integer.highestOneBit(count - from));
      ImageTensor portion = tensor(size, images);
      images.copyTo(from, portion);
      System.arraycopy(network.apply(portion), 0, vectors, from, size);
      from += size;
    }
    return vectors;
  }

  private ImageTensor tensor(int size, ImageTensor images) {
    ImageTensor known = tensors.get(size);
    if (known == null || known.isCentred() != images.isCentred()) {
      if (known != null) {
        tensors.remove(size);
        owned.release(known).close();
      }
      known =
          owned.add(
              images.isCentred()
                  ? ImageTensor.centred(images.size(), size)
                  : new ImageTensor(images.size(), size));
      tensors.put(size, known);
    }
    return known;
  }

  @Override
  public void close() {
    tensors.clear();
    owned.close();
  }
}
