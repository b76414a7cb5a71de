// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.network;

import io.imageembedding.annotation.Internal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The network of "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (table 2) as TF-Slim's
 * {@code mobilenet_v2.py} builds and names it: RGB in [0,1] in, mapped to [-1,1], the mean over the
 * last feature map out, or a classifier's logits made of it.
 */
@Internal
public final class MobileNetV2 {

  /** Depth multipliers that networks were published with. */
  public static final List<Double> MULTIPLIERS = List.of(0.35, 0.5, 0.75, 1.0, 1.3, 1.4);

  /** Input sizes that networks were published with. */
  public static final List<Integer> SIZES = List.of(96, 128, 160, 192, 224);

  public static final String HEAD = "MobilenetV2/Logits/Conv2d_1c_1x1";
  public static final String HEAD_WEIGHTS = HEAD + "/weights";
  public static final String HEAD_BIASES = HEAD + "/biases";
  private static final String BATCH_NORM = "/BatchNorm/";
  private static final List<String> TRAINED_STATISTICS = List.of("gamma", "beta");
  private static final List<String> MOVING_STATISTICS = List.of("moving_mean", "moving_variance");

  /** TF-Slim's epsilon of batch normalisation. */
  public static final double EPSILON = 0.001;

  /** TF-Slim's decay of the moving averages of batch normalisation. */
  public static final double BATCH_NORM_DECAY = 0.997;

  /** Expansion, output channels, repetitions and first stride of each row of the paper's table. */
  private static final int[][] BOTTLENECKS = {
    {1, 16, 1, 1},
    {6, 24, 2, 2},
    {6, 32, 3, 2},
    {6, 64, 4, 2},
    {6, 96, 3, 1},
    {6, 160, 3, 2},
    {6, 320, 1, 1},
  };

  private static final int FIRST_CHANNELS = 32;
  private static final int LAST_CHANNELS = 1280;

  /**
   * A convolution with its batch normalisation.
   *
   * @param scope of its variables in the checkpoint
   * @param depthwise whether each channel has a kernel of its own
   * @param relu6 whether an activation follows; a projection is linear
   */
  public record Layer(
      String scope,
      boolean depthwise,
      int kernel,
      int stride,
      int inputs,
      int outputs,
      boolean relu6) {

    public String weights() {
      return scope + (depthwise ? "/depthwise_weights" : "/weights");
    }

    public String batchNorm(String variable) {
      return scope + BATCH_NORM + variable;
    }

    public long[] weightsShape() {
      return depthwise
          ? new long[] {kernel, kernel, inputs, 1}
          : new long[] {kernel, kernel, inputs, outputs};
    }
  }

  /**
   * What the network computes with, for whoever runs it or writes it down.
   *
   * @param <T> a feature map, or what stands for one
   */
  public interface Operations<T> {

    /** Convolution, batch normalisation, and where the layer has it, Relu6. */
    T layer(Layer layer, T input);

    /**
     * What goes into a bottleneck is added to what comes out of it.
     *
     * @param scope of the bottleneck in the checkpoint
     */
    T residual(String scope, T input, T output);
  }

  /** Layers in a row; with a residual the input is added to the last one's output. */
  record Block(String scope, List<Layer> layers, boolean residual) {}

  private final double multiplier;
  private final int inputSize;
  private final List<Block> blocks = new ArrayList<>();
  private final int features;

  private MobileNetV2(double multiplier, int inputSize) {
    this.multiplier = multiplier;
    this.inputSize = inputSize;
    int channels = channels(FIRST_CHANNELS);
    blocks.add(single(new Layer("MobilenetV2/Conv", false, 3, 2, 3, channels, true)));
    int number = 0;
    for (int[] row : BOTTLENECKS) {
      int outputs = channels(row[1]);
      for (int repetition = 0; repetition < row[2]; repetition++) {
        String scope = "MobilenetV2/expanded_conv" + (number == 0 ? "" : "_" + number);
        int stride = repetition == 0 ? row[3] : 1;
        blocks.add(bottleneck(scope, row[0], channels, outputs, stride));
        channels = outputs;
        number++;
      }
    }
    features = multiplier > 1 ? channels(LAST_CHANNELS) : LAST_CHANNELS;
    blocks.add(single(new Layer("MobilenetV2/Conv_1", false, 1, 1, channels, features, true)));
  }

  /**
   * The network of that depth multiplier, for square images of that size.
   *
   * @throws IllegalArgumentException if the size is not a multiple of 32 from 32 to 1024
   */
  public static MobileNetV2 of(double multiplier, int inputSize) {
    if (inputSize < 32 || inputSize > 1024 || inputSize % 32 != 0 || !(multiplier > 0)) {
      throw new IllegalArgumentException("no MobileNetV2 of " + multiplier + " at " + inputSize);
    }
    return new MobileNetV2(multiplier, inputSize);
  }

  /**
   * Channels times the multiplier, rounded as TF-Slim's {@code _make_divisible} does: to the
   * nearest multiple of 8, but never below 90 percent.
   */
  private int channels(int published) {
    double exact = published * multiplier;
    int rounded = Math.max(8, (int) (exact + 4) / 8 * 8);
    return rounded < 0.9 * exact ? rounded + 8 : rounded;
  }

  /** TF-Slim's name of the network, such as {@code mobilenet_v2_1.0_224}. */
  public String name() {
    return "mobilenet_v2_" + multiplier + "_" + inputSize;
  }

  public int inputSize() {
    return inputSize;
  }

  /** Length of the vectors. */
  public int features() {
    return features;
  }

  /** Multiplications of the convolutions for one image; batch normalisation is folded. */
  public long multiplyAdds() {
    long sum = 0;
    long size = inputSize;
    for (Layer layer : layers()) {
      size = (size + layer.stride() - 1) / layer.stride();
      sum += size * size * Arrays.stream(layer.weightsShape()).reduce(1, Math::multiplyExact);
    }
    return sum;
  }

  private static Block single(Layer layer) {
    return new Block(layer.scope(), List.of(layer), false);
  }

  private static Block bottleneck(
      String scope, int expansion, int inputs, int outputs, int stride) {
    int expanded = inputs * expansion;
    List<Layer> layers = new ArrayList<>();
    if (expansion > 1) {
      layers.add(new Layer(scope + "/expand", false, 1, 1, inputs, expanded, true));
    }
    layers.add(new Layer(scope + "/depthwise", true, 3, stride, expanded, expanded, true));
    layers.add(new Layer(scope + "/project", false, 1, 1, expanded, outputs, false));
    return new Block(scope, layers, stride == 1 && inputs == outputs);
  }

  /**
   * Goes through the network, from the images, mapped to [-1,1], to the last feature map. Nobody
   * else needs to know how layers and residuals follow each other.
   */
  public <T> T walk(T images, Operations<T> operations) {
    T current = images;
    for (Block block : blocks) {
      T before = current;
      for (Layer layer : block.layers()) {
        current = operations.layer(layer, current);
      }
      current = block.residual() ? operations.residual(block.scope(), before, current) : current;
    }
    return current;
  }

  /** All convolutions, from input to output. */
  public List<Layer> layers() {
    return blocks.stream().flatMap(block -> block.layers().stream()).toList();
  }

  /** For who goes from output to input. */
  List<Block> blocks() {
    return blocks;
  }

  /** Depth multiplier. */
  public double multiplier() {
    return multiplier;
  }

  /** Name and shape of every variable, without those of a classifier. */
  public Map<String, long[]> variables() {
    Map<String, long[]> variables = new TreeMap<>();
    for (Layer layer : layers()) {
      variables.put(layer.weights(), layer.weightsShape());
      for (List<String> statistics : List.of(TRAINED_STATISTICS, MOVING_STATISTICS)) {
        for (String name : statistics) {
          variables.put(layer.batchNorm(name), new long[] {layer.outputs()});
        }
      }
    }
    return variables;
  }

  /** Whether training changes a variable by its gradient. */
  public static boolean isTrainable(String variable) {
    return MOVING_STATISTICS.stream().noneMatch(name -> variable.endsWith(BATCH_NORM + name));
  }
}
