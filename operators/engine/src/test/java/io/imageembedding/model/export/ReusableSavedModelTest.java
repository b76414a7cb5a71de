// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.format.CheckpointKeys;
import io.imageembedding.model.format.Goldens;
import io.imageembedding.model.format.ObjectGraph;
import io.imageembedding.model.graph.Checkpoint;
import io.imageembedding.model.graph.ContentDigest;
import io.imageembedding.model.graph.FloatTensor;
import io.imageembedding.model.graph.Npy;
import io.imageembedding.model.network.ClassifierHead;
import io.imageembedding.model.network.MobileNetV2;
import io.imageembedding.model.network.MobileNetV2.Layer;
import io.imageembedding.model.network.NetworkWeights;
import io.imageembedding.model.network.ReferenceNetwork;
import io.imageembedding.model.network.Regularizer;
import io.imageembedding.model.network.TrainableNetwork;
import io.imageembedding.model.source.BuiltinModel;
import io.imageembedding.model.source.TestingNetworks;
import io.imageembedding.tensorflow.TensorFlowFailure;
import io.imageembedding.tensorflow.TensorFlowRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SavedObjectGraphOuterClass.SavedObject;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

class ReusableSavedModelTest {
  private static final int SIZE = 32;

  @TempDir Path temporary;

  @Test
  void theBuiltInWeightsComeBackWithTheGoldenVectors() throws IOException {
    MobileNetV2 network = MobileNetV2.of(1.0, 224);
    NetworkWeights weights = new NetworkWeights(network, BuiltinModel.weights(), null);
    Path directory = write(weights, OptionalDouble.empty(), List.of());

    try (FeatureVectorModel model = ModelSource.parse(directory.toString()).load()) {
      assertThat(model.descriptor().inputSize()).isEqualTo(224);
      assertThat(model.descriptor().dimension()).isEqualTo(1280);
      Goldens.assertGoldens(model, 1e-4);
    }
  }

  @Test
  void theObjectsAreThoseOfAReusableSavedModel() throws IOException {
    NetworkWeights weights = TestingNetworks.seeded(0.35, SIZE, null);
    Path directory = write(weights, OptionalDouble.empty(), List.of());

    ObjectGraph objects = objects(directory);
    assertThat(list(objects, "variables")).hasSize(260);
    assertThat(list(objects, "trainable_variables")).hasSize(156);
    assertThat(list(objects, "regularization_losses")).hasSize(35);
    assertThat(list(objects, "variables").stream().map(object -> object.getVariable().getName()))
        .containsExactlyInAnyOrderElementsOf(weights.network().variables().keySet())
        .startsWith("MobilenetV2/Conv/weights", "MobilenetV2/Conv/BatchNorm/gamma");
    assertThat(list(objects, "trainable_variables"))
        .allMatch(object -> object.getVariable().getTrainable())
        .isSubsetOf(list(objects, "variables"));
    assertThat(list(objects, "variables").stream().filter(o -> o.getVariable().getTrainable()))
        .hasSize(156);
    CheckpointKeys keys =
        CheckpointKeys.read(
            "test", Checkpoint.open("test", directory.resolve("variables/variables")), objects);
    assertThat(keys.byObject()).hasSize(260);
  }

  @Test
  void theWholeFamilyGivesWhatAnIndependentImplementationGives() {
    for (double multiplier : MobileNetV2.MULTIPLIERS) {
      NetworkWeights weights = TestingNetworks.seeded(multiplier, SIZE, null);
      Path directory = write(weights, OptionalDouble.empty(), List.of());
      float[][] images = images(2);

      assertVectors(
          new ReferenceNetwork(weights, false).features(images),
          embed(directory, ModelOptions.NONE, images));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aHeadsScoresAreTheVectorsAndTheFeaturesASignature(boolean softmax) throws IOException {
    ClassifierHead head = TestingNetworks.head(1280, 5, softmax);
    NetworkWeights weights = TestingNetworks.seeded(0.35, 96, head);
    List<String> labels = List.of("tulip", "Gänseblümchen", "rose rouge", "向日葵", "-");
    Path directory = write(weights, OptionalDouble.empty(), labels);
    float[][] images = {image(96, 1), image(96, 2)};
    ReferenceNetwork reference = new ReferenceNetwork(weights, false);
    double[][] features = reference.features(images);

    assertVectors(
        Arrays.stream(features).map(reference::scores).toArray(double[][]::new),
        embed(directory, ModelOptions.NONE, images));
    assertVectors(
        features,
        embed(directory, ModelOptions.builder().signature("feature_vector").build(), images));
    assertThat(signature(directory, "serving_default").getOutputsMap())
        .containsOnlyKeys(softmax ? "scores" : "logits");
    assertThat(Files.readAllLines(directory.resolve("assets/labels.txt"))).isEqualTo(labels);
    assertThat(list(objects(directory), "variables")).hasSize(262);
    assertThat(list(objects(directory), "trainable_variables")).hasSize(158);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.9, 0})
  void trainingMovesTheMovingAveragesByTheirFormula(double decay)
      throws IOException, TensorFlowFailure {
    NetworkWeights weights = TestingNetworks.seeded(0.35, SIZE, null);
    Path directory =
        write(weights, decay == 0 ? OptionalDouble.empty() : OptionalDouble.of(decay), List.of());
    float[][] images = images(4);
    ReferenceNetwork reference = new ReferenceNetwork(weights, true);
    double[][] features = reference.features(images);

    MetaGraphDef metaGraph = metaGraph(directory);
    List<Layer> layers = TestingNetworks.layers(weights.network()).toList();
    GraphDef.Builder definition = metaGraph.getGraphDef().toBuilder();
    NodeDef.Builder call =
        definition.getNodeBuilderList().stream()
            .filter(node -> node.getName().equals("serving_default_call"))
            .findFirst()
            .orElseThrow();
    call.putAttr("f", NetworkFunction.function("training"));
    try (Graph graph = TensorFlowRuntime.newGraph(definition.build());
        Session session = TensorFlowRuntime.newSession(graph);
        Tensor prefix = TString.scalarOf(directory.resolve("variables/variables").toString());
        ImageTensor tensor = tensor(SIZE, images)) {
      String restore = metaGraph.getSaverDef().getRestoreOpName();
      session.runner().feed("saver_filename", prefix).addTarget(restore).run().close();
      try (Result result =
          session
              .runner()
              .feed("serving_default_inputs", tensor.tensor())
              .fetch("serving_default_call")
              .run()) {
        // Normalised by the statistics of few values, float32 strays further from float64.
        assertVectors(features, rows(result.get(0), images.length), 0.05);
      }
      double step = 1 - (decay == 0 ? 0.997 : decay);
      for (Layer layer : List.of(layers.get(0), layers.get(26), layers.get(51))) {
        ReferenceNetwork.Statistics batch = reference.statistics().get(layer.scope());
        assertMoved(session, weights, layer.batchNorm("moving_mean"), batch.mean(), step);
        assertMoved(session, weights, layer.batchNorm("moving_variance"), batch.variance(), step);
        assertThat(value(session, layer.weights()))
            .isEqualTo(weights.variables().get(layer.weights()).values());
      }
    }
  }

  private static void assertMoved(
      Session session, NetworkWeights weights, String variable, double[] batch, double step) {
    float[] before = weights.variables().get(variable).values();
    double[] expected = new double[before.length];
    double far = 0;
    for (int i = 0; i < before.length; i++) {
      expected[i] = before[i] - (before[i] - batch[i]) * step;
      far = Math.max(far, Math.abs(expected[i] - before[i]));
    }
    double error = Npy.maxAbsDifference(expected, value(session, variable));
    assertThat(far).as(variable).isGreaterThan(1e-4);
    assertThat(error / far).as(variable).isLessThan(1e-3);
  }

  private static float[] value(Session session, String variable) {
    try (Result result = session.runner().fetch(variable + "/Read/ReadVariableOp").run()) {
      float[] values = new float[(int) result.get(0).shape().size()];
      result.get(0).asRawTensor().data().asFloats().read(values);
      return values;
    }
  }

  @Test
  void aMoveIsAnEffectOfTheFunctionAndComesBeforeItsResult() throws IOException {
    Path directory =
        write(TestingNetworks.seeded(0.35, SIZE, null), OptionalDouble.empty(), List.of());

    FunctionDef training =
        metaGraph(directory).getGraphDef().getLibrary().getFunctionList().stream()
            .filter(function -> function.getSignature().getName().equals("training"))
            .findFirst()
            .orElseThrow();
    List<String> moves =
        training.getNodeDefList().stream()
            .filter(node -> node.getOp().equals("AssignSubVariableOp"))
            .map(NodeDef::getName)
            .toList();
    assertThat(moves).hasSize(104);
    assertThat(training.getControlRetMap().values()).containsExactlyInAnyOrderElementsOf(moves);
    assertThat(training.getSignature().getControlOutputList())
        .containsExactlyInAnyOrderElementsOf(training.getControlRetMap().keySet());
    String result = training.getRetMap().values().iterator().next();
    NodeDef last =
        training.getNodeDefList().stream()
            .filter(node -> result.equals(node.getName() + ":output:0"))
            .findFirst()
            .orElseThrow();
    assertThat(last.getInputList()).containsAll(moves.stream().map(move -> "^" + move).toList());
  }

  @Test
  void aProgramThatKnowsNoObjectsLoadsAndRunsIt() throws IOException {
    NetworkWeights weights =
        TestingNetworks.seeded(0.5, SIZE, TestingNetworks.head(1280, 3, false));
    Path directory = write(weights, OptionalDouble.empty(), List.of());
    float[][] images = images(3);
    ReferenceNetwork reference = new ReferenceNetwork(weights, false);
    double[][] features = reference.features(images);
    double[][] logits = Arrays.stream(features).map(reference::scores).toArray(double[][]::new);

    try (SavedModelBundle bundle = SavedModelBundle.load(directory.toString(), "serve");
        ImageTensor tensor = tensor(SIZE, images)) {
      for (String name : List.of("serving_default", "feature_vector")) {
        try (Result result =
            bundle.function(name).call(Map.of("inputs", (Tensor) tensor.tensor()))) {
          String key = name.equals("serving_default") ? "logits" : name;
          assertVectors(
              name.equals("serving_default") ? logits : features,
              rows(result.get(key).orElseThrow(), images.length));
        }
      }
    }
  }

  @Test
  void theSameNetworkGivesTheSameBytes() throws IOException {
    ClassifierHead head = TestingNetworks.head(1280, 2, true);
    NetworkWeights weights = TestingNetworks.seeded(0.35, SIZE, head);
    List<String> names = new ArrayList<>(weights.variables().keySet());
    Collections.reverse(names);
    Map<String, FloatTensor> reversed = new LinkedHashMap<>();
    names.forEach(name -> reversed.put(name, weights.variables().get(name)));

    Path once = write(weights, OptionalDouble.empty(), List.of("a", "b"));
    Path again =
        write(
            new NetworkWeights(weights.network(), reversed, head),
            OptionalDouble.empty(),
            List.of("a", "b"));

    assertThat(contents(again))
        .isEqualTo(contents(once))
        .containsOnlyKeys(
            "saved_model.pb",
            "assets/labels.txt",
            "variables/variables.index",
            "variables/variables.data-00000-of-00001");
  }

  @Test
  void anEmptyDirectoryIsUsedAndOthersMayReadIt() throws IOException {
    Path empty = Files.createDirectory(temporary.resolve("empty"));
    Path link = Files.createSymbolicLink(temporary.resolve("link"), empty);

    ReusableSavedModel.write(link, small(), null);

    assertThat(link).isSymbolicLink();
    assertThat(empty.resolve("saved_model.pb")).exists();
    assertThat(empty.resolve("assets")).doesNotExist();
    Path plain = Files.createDirectory(temporary.resolve("plain"));
    assertThat(Files.getPosixFilePermissions(empty))
        .isEqualTo(Files.getPosixFilePermissions(plain));
    assertThat(names(temporary)).containsExactly("empty", "link", "plain");
  }

  @Test
  void aDirectoryInUseIsRefusedAndLeftAlone() throws IOException {
    Path used = Files.createDirectory(temporary.resolve("used"));
    Files.writeString(used.resolve("mine.txt"), "mine");

    assertRefused(used, "not empty");
    assertRefused(used.resolve("mine.txt"), "not empty");
    assertRefused(temporary.resolve("nowhere/model"), "no directory");
    assertRefused(used.resolve("mine.txt/model"), "no directory");

    assertThat(names(used)).containsExactly("mine.txt");
    assertThat(used.resolve("mine.txt")).hasContent("mine");
    assertThat(names(temporary)).containsExactly("used");
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsSaidInOneLine() throws IOException {
    Path locked = Files.createDirectory(temporary.resolve("locked"));
    Files.setPosixFilePermissions(
        locked, Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_EXECUTE));
    // The super-user may write everywhere, but in no folder that the kernel makes up.
    Path parent = Files.isWritable(locked) ? Path.of("/proc") : locked;
    assertRefused(parent.resolve("model"), "cannot be written");
    assertThat(names(locked)).isEmpty();
  }

  /** The folder can be made, but the names of the files in it are too long for the system. */
  @Test
  void aFailureInTheMiddleLeavesNothing() throws IOException {
    Path parent = temporary;
    int room = 4095 - "/.model.00000000-0000-0000-0000-000000000000/variables".length() - 2;
    while (parent.toString().length() < room) {
      int length = Math.min(200, room - parent.toString().length() - 1);
      parent = parent.resolve("d".repeat(Math.max(1, length)));
    }
    Files.createDirectories(parent);

    assertRefused(parent.resolve("model"), "cannot be written");

    assertThat(names(parent)).isEmpty();
  }

  private void assertRefused(Path directory, String why) {
    assertThatThrownBy(() -> ReusableSavedModel.write(directory, small(), List.of()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(why)
        .hasMessageNotContaining("\n");
  }

  @Test
  void labelsThatDoNotFitAreRefused() {
    TrainableNetwork two =
        trainable(
            TestingNetworks.seeded(0.35, SIZE, TestingNetworks.head(1280, 2, true)),
            OptionalDouble.empty());
    Path directory = temporary.resolve("model");

    assertThatThrownBy(() -> ReusableSavedModel.write(directory, two, List.of("a", "b", "c")))
        .isInstanceOf(ModelException.class)
        .hasMessage("there are 3 labels for 2 classes; needed: one each");
    for (String label : List.of("a\nb", "a\n", "", "a\rb", "\n")) {
      assertThatThrownBy(() -> ReusableSavedModel.write(directory, two, List.of("fine", label)))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("not one line")
          .hasMessageNotContaining("\n");
    }
    assertThatThrownBy(() -> ReusableSavedModel.write(directory, small(), List.of("a")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("1 labels for 0 classes");
    assertThat(directory).doesNotExist();
  }

  @Test
  void aNetworkThatLacksAVariableIsRefusedByItsName() {
    NetworkWeights weights = TestingNetworks.seeded(0.35, SIZE, null);
    String name = "MobilenetV2/expanded_conv_3/expand/weights";
    Map<String, FloatTensor> fewer = new TreeMap<>(weights.variables());
    fewer.remove(name);
    Map<String, FloatTensor> misshaped = new TreeMap<>(weights.variables());
    misshaped.put(name, FloatTensor.of(new float[3], 3));

    for (Map<String, FloatTensor> variables : List.of(fewer, misshaped)) {
      NetworkWeights wrong = new NetworkWeights(weights.network(), variables, null);
      assertThatThrownBy(() -> write(wrong, OptionalDouble.empty(), List.of()))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining(name);
    }
    TrainableNetwork stranger =
        new TrainableNetwork(
            weights, OptionalDouble.empty(), List.of(Regularizer.weightDecay("other", 1)));
    assertThatThrownBy(() -> ReusableSavedModel.write(temporary.resolve("m"), stranger, List.of()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("variable other");
  }

  private Path write(NetworkWeights weights, OptionalDouble decay, List<String> labels) {
    Path directory = temporary.resolve("model-" + System.nanoTime());
    ReusableSavedModel.write(directory, trainable(weights, decay), labels);
    return directory;
  }

  private static TrainableNetwork trainable(NetworkWeights weights, OptionalDouble decay) {
    return new TrainableNetwork(weights, decay, TestingNetworks.weightDecay(weights.network()));
  }

  private static TrainableNetwork small() {
    return trainable(TestingNetworks.seeded(0.35, SIZE, null), OptionalDouble.empty());
  }

  private static MetaGraphDef metaGraph(Path directory) throws IOException {
    SavedModel model =
        SavedModel.parseFrom(Files.readAllBytes(directory.resolve("saved_model.pb")));
    return model.getMetaGraphs(0);
  }

  private static SignatureDef signature(Path directory, String name) throws IOException {
    return metaGraph(directory).getSignatureDefOrThrow(name);
  }

  private static ObjectGraph objects(Path directory) throws IOException {
    return new ObjectGraph("test", metaGraph(directory).getObjectGraphDef());
  }

  private static List<SavedObject> list(ObjectGraph objects, String name) {
    SavedObject list = objects.child(objects.root(), name).orElseThrow();
    List<SavedObject> items = new ArrayList<>();
    for (int i = 0; i < list.getChildrenCount(); i++) {
      items.add(objects.child(list, String.valueOf(i)).orElseThrow());
    }
    return items;
  }

  private static float[][] embed(Path directory, ModelOptions options, float[]... images) {
    int size = (int) Math.round(Math.sqrt(images[0].length / 3.0));
    try (FeatureVectorModel model = ModelSource.parse(directory.toString(), options).load();
        ImageTensor tensor = tensor(size, images)) {
      return model.embed(tensor);
    }
  }

  private static void assertVectors(double[][] expected, float[][] actual) {
    assertVectors(expected, actual, 1e-4);
  }

  private static void assertVectors(double[][] expected, float[][] actual, double tolerance) {
    assertThat(actual).hasDimensions(expected.length, expected[0].length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Npy.maxAbsDifference(expected[i], actual[i])).isLessThan(tolerance);
    }
  }

  private static float[][] rows(Tensor tensor, int count) {
    float[] values = new float[(int) tensor.shape().size()];
    ((TFloat32) tensor).asRawTensor().data().asFloats().read(values);
    int length = values.length / count;
    float[][] rows = new float[count][];
    for (int i = 0; i < count; i++) {
      rows[i] = Arrays.copyOfRange(values, i * length, (i + 1) * length);
    }
    return rows;
  }

  private static ImageTensor tensor(int size, float[]... images) {
    ImageTensor tensor = new ImageTensor(size, images.length);
    Arrays.stream(images).forEach(tensor::append);
    return tensor;
  }

  private static float[][] images(int count) {
    float[][] images = new float[count][];
    Arrays.setAll(images, number -> image(SIZE, number));
    return images;
  }

  private static float[] image(int size, int seed) {
    Random random = new Random(seed);
    float[] image = new float[size * size * 3];
    for (int i = 0; i < image.length; i++) {
      image[i] = random.nextFloat();
    }
    return image;
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Map<String, String> contents(Path directory) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(
            directory.relativize(file).toString(), ContentDigest.sha256(Files.readAllBytes(file)));
      }
    }
    return contents;
  }
}
