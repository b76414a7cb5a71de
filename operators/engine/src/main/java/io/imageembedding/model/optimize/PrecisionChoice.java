// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.optimize;

import io.imageembedding.annotation.Internal;
import io.imageembedding.embedding.Cosine;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.Precision;
import io.imageembedding.model.UnsupportedPrecisionException;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.run.GraphModel;
import io.imageembedding.model.run.ModelProof;
import io.imageembedding.model.run.OddImages;
import io.imageembedding.model.run.ProbeImages;
import io.imageembedding.model.run.SubBatches;
import io.imageembedding.tensorflow.Ownership;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides between a MobileNetV2 in fp32 and the same in bfloat16, and gives back the one it takes.
 */
@Internal
public final class PrecisionChoice {
  private static final Logger LOG = LoggerFactory.getLogger(PrecisionChoice.class);
  private static final double SMALLEST_COSINE = 0.999;

  /** On probe images; photos go a little below. */
  private static final double AMPLE_COSINE = 0.9994;

  /** On plain colours and drawings, where rounding does not average out. */
  private static final double SMALLEST_ODD_COSINE = 0.98;

  /** Of a network at 1.0 three do; small ones at small sizes take more. */
  private static final int[] LAYERS_IN_FP32 = {3, 5, 9};

  private static final double SMALLEST_GAIN = 1.1;
  private static final int CORRECTING_PROBES = 16;
  private static final int MEASURED_RUNS = 5;

  private final String name;
  private final NetworkWeights weights;
  private final GraphModel exact;

  /**
   * @param exact the network in fp32; this object's to give back or close
   */
  public PrecisionChoice(String name, NetworkWeights weights, GraphModel exact) {
    this.name = name;
    this.weights = weights;
    this.exact = exact;
  }

  /**
   * @throws UnsupportedPrecisionException if it is to be bf16 and cannot
   */
  public GraphModel of(Precision wanted) {
    try (Ownership owned = new Ownership()) {
      owned.add(exact);
      if (wanted == Precision.FP32) {
        return owned.release(exact);
      }
      if (wanted == Precision.AUTO && !ProcessorFeatures.hasBfloat16()) {
        LOG.info("model {} runs in fp32: this processor has no bfloat16", name);
        return owned.release(exact);
      }
      GraphModel bf16 = wanted == Precision.BF16 ? load(wanted, owned) : fasterIfItWorks(owned);
      if (bf16 == null) {
        return owned.release(exact);
      }
      LOG.info("model {} runs in bf16; its cosine to fp32 is {}", name, bf16.descriptor().cosine());
      return owned.release(bf16);
    }
  }

  /**
   * Null where bf16 is not worth it, or fails in any way: the exact network runs, that is known.
   */
  private GraphModel fasterIfItWorks(Ownership owned) {
    String why;
    try {
      GraphModel bf16 = load(Precision.AUTO, owned);
      if (bf16 != null && isFaster(bf16)) {
        return bf16;
      }
      why = bf16 == null ? "too coarse" : "slower";
    } catch (RuntimeException e) {
      why = "not to be had (" + e.getMessage() + ")";
    }
    LOG.info("model {} runs in fp32: bf16 is {}", name, why);
    return null;
  }

  /** With as few layers in fp32 as will do; null if none will and it does not have to. */
  private GraphModel load(Precision wanted, Ownership owned) {
    boolean emulated = !ProcessorFeatures.hasBfloat16();
    if (emulated) {
      LOG.warn(
          "this processor has no bfloat16: model {} computes in fp32 on rounded numbers, not faster"
              + " than in fp32",
          name);
    }
    int size = weights.network().inputSize();
    double cosine = 0;
    double odd = 0;
    for (int layers : LAYERS_IN_FP32) {
      GraphModel bf16 = owned.add(load(layers, emulated));
      cosine = cosine(bf16, ModelProof.probes(size));
      odd = cosine(bf16, OddImages.of(size));
      boolean last = layers == LAYERS_IN_FP32[LAYERS_IN_FP32.length - 1];
      if (cosine >= (last ? SMALLEST_COSINE : AMPLE_COSINE) && odd >= SMALLEST_ODD_COSINE) {
        bf16.isBf16(cosine);
        return bf16;
      }
      owned.release(bf16).close();
    }
    if (wanted == Precision.BF16) {
      throw new UnsupportedPrecisionException(
          name,
          String.format(
              Locale.ROOT,
              "its vectors in bf16 have a cosine of %.5f to those in fp32 for textured images, %.5f"
                  + " for plain colours and drawings; needed: %s and %s",
              cosine,
              odd,
              SMALLEST_COSINE,
              SMALLEST_ODD_COSINE));
    }
    return null;
  }

  private GraphModel load(int layersInFp32, boolean emulated) {
    int size = weights.network().inputSize();
    List<float[]> probes = ProbeImages.of(size, CORRECTING_PROBES);
    probes.addAll(OddImages.plain(size));
    return exact.loadBf16(
        Bf16Network.graph(new FoldedNetwork(weights), layersInFp32, probes, emulated),
        weights.network());
  }

  /** The least of those that it has for the images. */
  private double cosine(GraphModel bf16, List<float[]> rgb) {
    try (ImageTensor images = input(rgb)) {
      float[][] expected = exact.embed(images);
      float[][] actual = bf16.embed(images);
      double least = 1;
      for (int i = 0; i < expected.length; i++) {
        if (hasDirection(expected[i])) {
          least = Math.min(least, Cosine.of(expected[i], actual[i]));
        }
      }
      return least;
    }
  }

  /** A network that was not trained may have no vector for one colour. */
  private static boolean hasDirection(float[] vector) {
    for (float feature : vector) {
      if (feature != 0) {
        return true;
      }
    }
    return false;
  }

  private boolean isFaster(GraphModel bf16) {
    try (ImageTensor images = input(ModelProof.probes(weights.network().inputSize()))) {
      long[] exactNanos = new long[MEASURED_RUNS];
      long[] bf16Nanos = new long[MEASURED_RUNS];
      for (int run = 0; run < MEASURED_RUNS; run++) {
        exactNanos[run] = nanos(exact, images);
        bf16Nanos[run] = nanos(bf16, images);
      }
      return (double) SubBatches.median(exactNanos) / SubBatches.median(bf16Nanos) >= SMALLEST_GAIN;
    }
  }

  private ImageTensor input(List<float[]> rgb) {
    try (Ownership owned = new Ownership()) {
      ImageTensor images = owned.add(exact.newInput(rgb.size()));
      rgb.forEach(images::append);
      return owned.release(images);
    }
  }

  private static long nanos(GraphModel model, ImageTensor images) {
    long start = System.nanoTime();
    model.embed(images);
    return System.nanoTime() - start;
  }
}
