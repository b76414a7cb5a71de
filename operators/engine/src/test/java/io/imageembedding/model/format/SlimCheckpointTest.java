// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.imageembedding.model.ModelException;
import io.imageembedding.model.graph.CheckpointWriter;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.optimize.OpenedModel;
import io.imageembedding.model.source.TestingNetworks;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.TensorProto;

class SlimCheckpointTest {
  private static final String SHADOW = "/ExponentialMovingAverage";
  private static final String FIRST_WEIGHTS = "MobilenetV2/Conv/weights";
  private static final NetworkWeights NETWORK = TestingNetworks.seeded(0.35, 96, null);

  @TempDir Path folder;

  @Test
  void movingAveragesWinWhereTheyArePresent() throws Exception {
    Map<String, FloatTensor> variables = new TreeMap<>(NETWORK.variables());
    FloatTensor good = variables.get(FIRST_WEIGHTS);
    variables.put(FIRST_WEIGHTS + SHADOW, good);
    variables.put(FIRST_WEIGHTS, disturbed(good));

    OpenedModel opened = SlimCheckpoint.open(write("mobilenet_v2_0.35_96.ckpt", variables), false);

    NetworkWeights read = opened.trainable().weights();
    assertThat(read.variables().get(FIRST_WEIGHTS).bytes()).isEqualTo(good.bytes());
    assertThat(read.network().name()).isEqualTo("mobilenet_v2_0.35_96");
  }

  @Test
  void movingAveragesAloneAreEnough() throws Exception {
    Map<String, FloatTensor> variables = new TreeMap<>(NETWORK.variables());
    variables.put(FIRST_WEIGHTS + SHADOW, variables.remove(FIRST_WEIGHTS));

    OpenedModel opened = SlimCheckpoint.open(write("mobilenet_v2_0.35_96.ckpt", variables), false);

    assertThat(opened.recognised()).isPresent();
  }

  @Test
  void missingVariablesAreNamed() throws Exception {
    Map<String, FloatTensor> variables = new TreeMap<>(NETWORK.variables());
    variables.remove(FIRST_WEIGHTS);
    variables.remove("MobilenetV2/Conv_1/BatchNorm/beta");

    assertRefused(variables, false)
        .contains("lacks", FIRST_WEIGHTS, "MobilenetV2/Conv_1/BatchNorm/beta")
        .doesNotContain("gamma");
  }

  @Test
  void variablesOfAnotherShapeAreNamedWithBothShapes() throws Exception {
    Map<String, FloatTensor> variables = new TreeMap<>(NETWORK.variables());
    variables.put(
        FIRST_WEIGHTS, TestingNetworks.seeded(1.4, 96, null).variables().get(FIRST_WEIGHTS));

    assertRefused(variables, false)
        .contains(FIRST_WEIGHTS + "[3, 3, 3, 48]", "needed [3, 3, 3, 16]");
  }

  @Test
  void variablesThatMobileNetV2DoesNotHaveAreNamed() throws Exception {
    Map<String, FloatTensor> variables = new TreeMap<>(NETWORK.variables());
    variables.put("MobilenetV2/expanded_conv_17/expand/weights", FloatTensor.of(new float[1], 1));

    assertRefused(variables, false).contains("beside", "expanded_conv_17/expand/weights");
  }

  @Test
  void anotherNetworkIsRefusedByWhatItHas() throws Exception {
    assertRefused(Map.of("resnet_v1_50/conv1/weights", FloatTensor.of(new float[4], 4)), false)
        .contains("another network", "resnet_v1_50/conv1/weights");
  }

  @Test
  void companionsOfOptimizersDoNotMatter() throws Exception {
    Map<String, FloatTensor> variables = new TreeMap<>(NETWORK.variables());
    variables.put("global_step", FloatTensor.of(new float[1], 1));
    variables.put(FIRST_WEIGHTS + "/RMSProp", variables.get(FIRST_WEIGHTS));

    assertThat(SlimCheckpoint.open(write("x.ckpt", variables), false).recognised()).isPresent();
  }

  @Test
  void logitsComeWhereTheyAreAskedForAndThere() throws Exception {
    ClassifierHead head = TestingNetworks.head(1280, 7, false);
    Map<String, FloatTensor> variables = new TreeMap<>(NETWORK.variables());
    assertRefused(variables, true).contains("no classifier");
    variables.put(
        MobileNetV2.HEAD_WEIGHTS,
        new FloatTensor(new long[] {1, 1, 1280, 7}, head.kernel().bytes()));
    variables.put(MobileNetV2.HEAD_BIASES, head.biases());

    OpenedModel opened = SlimCheckpoint.open(write("with_head_96.ckpt", variables), true);

    assertThat(opened.trainable().weights().head().classes()).isEqualTo(7);
  }

  @Test
  void aCutOffShardIsNamed() throws Exception {
    Path prefix = write("cut_96.ckpt", NETWORK.variables());
    Path shard = folder.resolve("cut_96.ckpt.data-00000-of-00001");
    try (RandomAccessFile file = new RandomAccessFile(shard.toFile(), "rw")) {
      file.setLength(file.length() / 2);
    }

    assertThatThrownBy(() -> SlimCheckpoint.open(prefix, false))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("cut_96.ckpt.data-00000-of-00001");
  }

  private static FloatTensor disturbed(FloatTensor tensor) {
    float[] values = tensor.values();
    Random random = new Random(7);
    for (int i = 0; i < values.length; i++) {
      values[i] += (float) random.nextGaussian();
    }
    return FloatTensor.of(values, tensor.shape());
  }

  private AbstractStringAssert<?> assertRefused(Map<String, FloatTensor> variables, boolean logits)
      throws Exception {
    Path prefix = write("mobilenet_v2_0.35_96.ckpt", variables);
    ModelException refusal =
        catchThrowableOfType(ModelException.class, () -> SlimCheckpoint.open(prefix, logits));
    return assertThat(refusal.getMessage()).startsWith("model mobilenet_v2_0.35_96:");
  }

  private Path write(String name, Map<String, FloatTensor> variables) throws Exception {
    Map<String, TensorProto> tensors = new TreeMap<>();
    variables.forEach((key, tensor) -> tensors.put(key, tensor.proto()));
    Path prefix = folder.resolve(name);
    CheckpointWriter.write(prefix, tensors);
    return prefix;
  }
}
