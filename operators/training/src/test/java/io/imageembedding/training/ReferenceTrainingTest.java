// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.ImageDecoder;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.Npy;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.model.source.TrainableNetworks;
import io.imageembedding.testing.TestData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * What TensorFlow's Python gets with hub.KerasLayer on the same module, images and order. Its own
 * losses move by 5e-3 with the number of threads.
 */
class ReferenceTrainingTest {
  private static final int BATCH = 8;
  private static final int CLASSES = 5;
  private static final String MODULE = "models/feature_vector_2";

  @Test
  void lossesOfFullFineTuningAreThoseOfTheReference() throws Exception {
    JsonNode reference = reference().get("fine_tune");
    TrainableNetwork network = TrainableNetworks.read(module());
    try (TrainingGraph graph = graph(network, false, reference);
        ImageTensor all = images(0, 40)) {
      start(graph, network);
      for (int step = 0; step < reference.get("steps").asInt(); step++) {
        TrainingGraph.Step result;
        try (ImageTensor images = images(step * BATCH % 40, BATCH)) {
          result = graph.train(images.tensor(), labels(step * BATCH % 40), ones());
        }
        assertThat((double) result.dataLoss())
            .as("data loss of step %s", step + 1)
            .isCloseTo(
                reference.get("data_loss").get(step).asDouble(), within(step < 2 ? 1e-3 : 1e-2));
        assertThat((double) result.regularizationLoss())
            .as("regularisation losses of step %s", step + 1)
            .isCloseTo(reference.get("regularization_loss").get(step).asDouble(), within(1e-5));
      }
      float[][] features = graph.features(all.tensor());
      Npy expected = Npy.read(TestData.path("finetune/fine_tuned_embeddings.npy"));
      for (int i = 0; i < 40; i++) {
        assertThat(cosine(expected.row(i), features[i])).as("image %s", i).isGreaterThan(0.99);
      }
    }
  }

  @Test
  void headOnlyTrainingIsThatOfTheReference() throws Exception {
    JsonNode reference = reference().get("head_only");
    TrainableNetwork network = TrainableNetworks.read(module());
    float[][] features;
    try (FeatureVectorModel model = module().load();
        ImageTensor all = images(0, 40)) {
      features = model.embed(all);
    }
    try (TrainingGraph graph = graph(network, true, reference)) {
      start(graph, network);
      for (int step = 0; step < reference.get("steps").asInt(); step++) {
        int from = step * BATCH % 40;
        try (TFloat32 input = tensor(Arrays.copyOfRange(features, from, from + BATCH))) {
          TrainingGraph.Step result = graph.train(input, labels(from), ones());
          assertThat((double) result.dataLoss())
              .as("loss of step %s", step + 1)
              .isCloseTo(reference.get("data_loss").get(step).asDouble(), within(1e-3));
          assertThat(result.regularizationLoss()).isZero();
        }
      }
      Npy expected = Npy.read(TestData.path("finetune/head_only_logits_after.npy"));
      try (TFloat32 input = tensor(features)) {
        float[][] logits = graph.logits(input);
        for (int i = 0; i < 40; i++) {
          assertThat(Npy.maxAbsDifference(expected.row(i), logits[i])).isLessThan(1e-2);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "MobilenetV2/Conv, 12544",
    "MobilenetV2/expanded_conv_8/depthwise, 196",
    "MobilenetV2/Conv_1, 49"
  })
  void movingAveragesFollowTheBatchsOwnStatistics(String scope, int positions) throws Exception {
    TrainableNetwork network = TrainableNetworks.read(module());
    try (TrainingGraph graph = graph(network, false, reference().get("fine_tune"));
        ImageTensor images = images(0, BATCH)) {
      start(graph, network);
      float[] values = graph.convolved(images.tensor(), scope);
      graph.train(images.tensor(), labels(0), ones());
      Map<String, FloatTensor> after = graph.values();

      int channels = values.length / positions / BATCH;
      int count = positions * BATCH;
      float[] oldMean = moving(network.weights().variables(), scope, "mean");
      float[] oldVariance = moving(network.weights().variables(), scope, "variance");
      float[] newMean = moving(after, scope, "mean");
      float[] newVariance = moving(after, scope, "variance");
      double decay = network.batchNormDecay().orElseThrow();
      assertThat(newMean).hasSize(channels);
      for (int c = 0; c < channels; c++) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
          sum += values[i * channels + c];
        }
        double mean = sum / count;
        double squares = 0;
        for (int i = 0; i < count; i++) {
          squares += Math.pow(values[i * channels + c] - mean, 2);
        }
        double variance = squares / (count - 1);
        double expectedMean = oldMean[c] * decay + mean * (1 - decay);
        double expectedVariance = oldVariance[c] * decay + variance * (1 - decay);
        assertThat((double) newMean[c]).isCloseTo(expectedMean, tolerance(expectedMean));
        assertThat((double) newVariance[c])
            .isCloseTo(expectedVariance, tolerance(expectedVariance));
      }
    }
  }

  private static org.assertj.core.data.Offset<Double> tolerance(double value) {
    return within(1e-5 * Math.max(1, Math.abs(value)));
  }

  private static float[] moving(Map<String, FloatTensor> variables, String scope, String what) {
    return variables.get(scope + "/BatchNorm/moving_" + what).values();
  }

  private static ModelSource module() {
    return ModelSource.parse(TestData.path(MODULE).toString());
  }

  private static TrainingGraph graph(
      TrainableNetwork network, boolean headOnly, JsonNode reference) {
    TrainingNodes nodes =
        new TrainingNodes(
            network.weights().network(),
            CLASSES,
            headOnly,
            network.batchNormDecay().orElseThrow(),
            network.regularizers());
    return new TrainingGraph(nodes, reference.get("learning_rate").asDouble(), 0.9);
  }

  private static void start(TrainingGraph graph, TrainableNetwork network) throws Exception {
    Map<String, Npy> head = Npy.readArchive(TestData.path("finetune/head_start.npz"));
    Map<String, FloatTensor> values = new TreeMap<>(network.weights().variables());
    for (Npy array : head.values()) {
      float[] floats = new float[array.values().length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = (float) array.values()[i];
      }
      values.put(
          array.shape().length == 2 ? TrainingNodes.KERNEL : TrainingNodes.BIASES,
          FloatTensor.of(floats, Arrays.stream(array.shape()).asLongStream().toArray()));
    }
    graph.assign(values);
  }

  private static JsonNode reference() throws Exception {
    return new ObjectMapper().readTree(Files.readString(TestData.path("finetune/reference.json")));
  }

  private static List<Path> order() throws Exception {
    List<Path> order = new ArrayList<>();
    for (JsonNode name : reference().get("order")) {
      order.add(TestData.path("finetune/images/" + name.asText()));
    }
    return order;
  }

  private static ImageTensor images(int from, int count) throws Exception {
    ImageTensor images = new ImageTensor(224, count);
    try (ImageDecoder decoder = new ImageDecoder(DecodeLimits.DEFAULT, Preprocessing.REFERENCE)) {
      for (Path file : order().subList(from, from + count)) {
        decoder.decode(Files.readAllBytes(file), images);
      }
    }
    return images;
  }

  private static float[][] labels(int from) throws Exception {
    List<String> classes = new ArrayList<>();
    reference().get("classes").forEach(name -> classes.add(name.asText()));
    float[][] labels = new float[BATCH][CLASSES];
    for (int i = 0; i < BATCH; i++) {
      Arrays.fill(labels[i], 0.1f / CLASSES);
      String name = order().get(from + i).getParent().getFileName().toString();
      labels[i][classes.indexOf(name)] += 0.9f;
    }
    return labels;
  }

  private static float[][] ones() {
    float[][] ones = new float[BATCH][1280];
    for (float[] row : ones) {
      Arrays.fill(row, 1);
    }
    return ones;
  }

  private static TFloat32 tensor(float[][] rows) {
    TFloat32 tensor = TFloat32.tensorOf(Shape.of(rows.length, rows[0].length));
    for (int i = 0; i < rows.length; i++) {
      tensor.asRawTensor().data().asFloats().offset((long) i * rows[0].length).write(rows[i]);
    }
    return tensor;
  }

  private static double cosine(double[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }
}
