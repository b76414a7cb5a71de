// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelOptions;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.format.TestingGraphs;
import io.imageembedding.model.graph.GraphNodes;
import io.imageembedding.model.optimize.OpenedModel;
import io.imageembedding.model.run.LoadTime;
import io.imageembedding.testing.TestData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/** No model takes the process's time or memory, whatever its files say. */
@Timeout(120)
class ModelBoundsTest {
  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"while.pb", "recif.pb", "cycle.pb", "fill6g.pb"})
  void hostileCasesAreRefusedInOneLine(String name) {
    assertRefused(ModelSource.parse(TestData.path("cases/models/" + name).toString()), "model ");
  }

  @Test
  void branchesAndLoopsAreRefusedUnlessTheyAreAskedFor() throws IOException {
    assertRefused(TestingGraphs.endless(), "While", "--allow-operations While");
  }

  /** What a child process does: gives up an endless model that was asked for, and ends. */
  static final class Endless {
    private Endless() {}

    public static void main(String[] arguments) {
      ModelOptions allowed = ModelOptions.builder().allowedOperations(Set.of("While")).build();
      OpenedModel model = ((NamedModel) ModelSource.parse(arguments[0], allowed)).open();
      try {
        LoadTime.within(
            Duration.ofSeconds(2), "m", () -> model.load(allowed), FeatureVectorModel::close);
        System.exit(1);
      } catch (ModelException e) {
        System.out.println(e.getMessage());
        System.exit(LoadTime.stuck() == 1 ? 42 : 2);
      }
    }
  }

  @Test
  void aLoopThatNeverEndsIsGivenUpAndItsProcessEnds() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Endless.class.getName(),
                write(TestingGraphs.endless()).toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(said)
          .isEqualTo("model m: it is not read or proven after 2000 ms, which is the limit");
      assertThat(process.exitValue()).isEqualTo(42);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aLongChainOfIdentitiesIsRefused() throws IOException {
    assertRefused(chain("Identity", 100_000), "more than 1000 in a row");
  }

  @Test
  void aLongChainOfOperationsIsRefusedAndAShorterOneRuns() throws IOException {
    assertRefused(chain("Relu", 20_000), "a chain of more than 10000 operations");

    try (FeatureVectorModel model = source(chain("Relu", 9_990)).load()) {
      assertThat(model.descriptor().dimension()).isEqualTo(3);
    }
  }

  private static GraphDef chain(String op, int length) {
    GraphNodes nodes = TestingGraphs.images();
    String last = TestingGraphs.IMAGES;
    for (int i = 0; i < length; i++) {
      last = TestingGraphs.unary(nodes, op, "node" + i, last);
    }
    return TestingGraphs.mean(nodes, last);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Identity", "Relu", "Reshape"})
  void aCircleIsRefused(String op) throws IOException {
    GraphNodes nodes = TestingGraphs.images();
    nodes.node("a", op, "b", "images").putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    nodes.node("b", op, "a", "images").putAttr("T", GraphNodes.type(DataType.DT_FLOAT));
    Path file = write(nodes.graph().build());

    assertRefused(
        ModelSource.parse(file.toString(), ModelOptions.builder().output("b").build()), "model ");
  }

  @Test
  void functionsThatCallEachOtherInACircleAreRefused() throws IOException {
    GraphNodes nodes = TestingGraphs.images();
    TestingGraphs.function(
        nodes, "f", DataType.DT_FLOAT, "c:output:0", TestingGraphs.call("c", "g", "x"));
    TestingGraphs.function(
        nodes, "g", DataType.DT_FLOAT, "c:output:0", TestingGraphs.call("c", "f", "x"));

    assertRefused(
        TestingGraphs.mean(nodes, TestingGraphs.call(nodes, "call", "f", "images")), "in a circle");
  }

  @Test
  void functionsThatMultiplyWhenTheyAreWrittenOutAreRefused() throws IOException {
    GraphNodes nodes = TestingGraphs.images();
    for (int i = 0; i < 40; i++) {
      GraphNodes sum = new GraphNodes();
      TestingGraphs.binary(sum, "AddV2", "sum", "a:output:0", "b:output:0");
      String next = "f" + (i + 1);
      TestingGraphs.function(
          nodes,
          "f" + i,
          DataType.DT_FLOAT,
          "sum:z:0",
          TestingGraphs.call("a", next, "x"),
          TestingGraphs.call("b", next, "x"),
          sum.graph().getNode(0));
    }
    GraphNodes last = new GraphNodes();
    TestingGraphs.unary(last, "Relu", "relu", "x");
    TestingGraphs.function(
        nodes, "f40", DataType.DT_FLOAT, "relu:activations:0", last.graph().getNode(0));

    assertRefused(
        TestingGraphs.mean(nodes, TestingGraphs.call(nodes, "call", "f0", "images")), "too ");
  }

  @Test
  void aTensorThatIsTooLargeIsRefusedBeforeItIsMade() throws IOException {
    GraphNodes nodes = TestingGraphs.images();
    String fill = TestingGraphs.fill(nodes, "fill", 1_500_000, 1000);

    assertRefused(
        TestingGraphs.mean(nodes, TestingGraphs.addLargest(nodes, "images", fill, 2)),
        "node_",
        "(Fill) needs 5722 MB; allowed: 512 MB");
  }

  @Test
  void aTensorThatGrowsStepByStepIsRefused() throws IOException {
    GraphNodes nodes = TestingGraphs.images();
    String last = TestingGraphs.fill(nodes, "fill", 1000, 1);
    for (int i = 0; i < 6; i++) {
      nodes
          .node("tile" + i, "Tile", last, nodes.constant("times" + i, 1, 10))
          .putAttr("T", GraphNodes.type(DataType.DT_FLOAT))
          .putAttr("Tmultiples", GraphNodes.type(DataType.DT_INT32));
      last = "tile" + i;
    }

    assertRefused(
        TestingGraphs.mean(nodes, TestingGraphs.addLargest(nodes, "images", last, 2)), "(Tile)");
  }

  @Test
  void manyTensorsAtTheSameTimeAreRefused() throws IOException {
    GraphNodes nodes = TestingGraphs.images();
    String map = TestingGraphs.IMAGES;
    for (int i = 0; i < 6; i++) {
      map =
          TestingGraphs.addLargest(
              nodes, map, TestingGraphs.fill(nodes, "fill" + i, 50_000, 1000), 2);
    }

    assertRefused(TestingGraphs.mean(nodes, map), "at the same time", "allowed: 1024 MB");
  }

  @Test
  void aConstantWhoseShapeSaysMoreThanItHasIsRefused() throws IOException {
    GraphNodes nodes = TestingGraphs.images();
    nodes.constant(
        "constant",
        TensorProto.newBuilder()
            .setDtype(DataType.DT_FLOAT)
            .setTensorShape(GraphNodes.shape(1 << 20, 1 << 10))
            .addFloatVal(1)
            .build());

    assertRefused(
        TestingGraphs.mean(nodes, TestingGraphs.addLargest(nodes, "images", "constant", 2)),
        "(Const) needs 4096 MB");
  }

  @Test
  void whatOnlyHasToRunBeforeIsBoundedToo() throws IOException {
    GraphNodes nodes = TestingGraphs.images();
    String fill = TestingGraphs.fill(nodes, "fill", 1_500_000, 1000);
    NodeDef.Builder relu = nodes.node("relu", "Relu", "images", "^" + fill);
    relu.putAttr("T", GraphNodes.type(DataType.DT_FLOAT));

    assertRefused(TestingGraphs.mean(nodes, "relu"), "(Fill)");
  }

  @Test
  void moreMultiplicationsThanAnyNetworkHasAreRefused() throws IOException {
    GraphNodes nodes = TestingGraphs.images();
    String a = TestingGraphs.fill(nodes, "a", 8_000, 8_000);
    String last = a;
    for (int i = 0; i < 3; i++) {
      last = TestingGraphs.binary(nodes, "MatMul", "product" + i, last, a);
    }

    assertRefused(
        TestingGraphs.mean(nodes, TestingGraphs.addLargest(nodes, "images", last, 2)),
        "multiplications");
  }

  @Test
  void aFileOfMoreFieldsThanAnyNetworkHasIsRefusedBeforeItIsParsed() throws IOException {
    byte[] empty = new byte[2 * 4_500_000];
    for (int i = 0; i < empty.length; i += 2) {
      empty[i] = (byte) (GraphDef.NODE_FIELD_NUMBER << 3 | 2);
    }
    Path file = Files.write(temporary.resolve("many.pb"), empty);

    assertRefused(ModelSource.parse(file.toString()), "has more than 4000000 fields");
  }

  @Test
  void anIndexWhoseKeysShareMoreThanThereIsIsRefused() throws IOException {
    // A block with a key that has 2 GiB in common with the one before, and the footer.
    ByteArrayOutputStream index = new ByteArrayOutputStream();
    index.write(new byte[] {-1, -1, -1, -1, 7, 1, 0, 'k'});
    int block = index.size() + Integer.BYTES;
    index.write(new byte[Integer.BYTES + 5]);
    ByteBuffer footer = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
    footer.put(new byte[] {0, 0, 0, (byte) block});
    footer.putLong(40, 0xdb4775248b80fb57L);
    index.write(footer.array());
    Path file = Files.write(temporary.resolve("m.ckpt.index"), index.toByteArray());

    assertRefused(ModelSource.parse(file.toString()), "m.ckpt.index is damaged");
  }

  @Test
  void variablesWhoseShapesSayMoreThanTheyHaveAreRefused() throws IOException {
    Path model = copy("feature_vector_035_96");
    Path index = model.resolve("variables/variables.index");
    byte[] bytes = Files.readAllBytes(index);
    int changed = 0;
    for (int i = 0; i + 2 < bytes.length; i++) {
      // A dimension of 1280 becomes one of 16383.
      if (bytes[i] == 8 && bytes[i + 1] == (byte) 0x80 && bytes[i + 2] == 10) {
        bytes[i + 1] = (byte) 0xff;
        bytes[i + 2] = 0x7f;
        changed++;
      }
    }
    Files.write(index, bytes);

    assertThat(changed).isPositive();
    assertRefused(ModelSource.parse(model.toString()), "not as long as its shape says");
  }

  @Test
  void goldenVectorsThatInflateAreRefused() throws IOException {
    Path model = copy("feature_vector_035_96");
    try (ZipOutputStream zip =
        new ZipOutputStream(Files.newOutputStream(model.resolve("probe.npz")))) {
      zip.putNextEntry(new ZipEntry("input.npy"));
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < 65; i++) {
        zip.write(zeros);
      }
    }

    assertRefused(
        ModelSource.parse(model.toString()),
        "probe.npz cannot be read",
        "more than 67108864 bytes");
  }

  private Path copy(String name) throws IOException {
    Path from = TestData.path("models/" + name);
    Path to = temporary.resolve(name);
    List<Path> files = new ArrayList<>();
    try (var walk = Files.walk(from)) {
      walk.forEach(files::add);
    }
    for (Path file : files) {
      Path target = to.resolve(from.relativize(file).toString());
      if (Files.isDirectory(file)) {
        Files.createDirectories(target);
      } else {
        Files.write(target, Files.readAllBytes(file));
      }
    }
    return to;
  }

  private Path write(GraphDef graph) throws IOException {
    return Files.write(temporary.resolve("graph.pb"), graph.toByteArray());
  }

  private ModelSource source(GraphDef graph) throws IOException {
    return ModelSource.parse(write(graph).toString());
  }

  private void assertRefused(GraphDef graph, String... parts) throws IOException {
    assertRefused(source(graph), parts);
  }

  private static void assertRefused(ModelSource source, String... parts) {
    assertThatThrownBy(source::load)
        .isInstanceOf(ModelException.class)
        .hasMessageContainingAll(parts)
        .hasMessageNotContaining("\n")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(600));
  }
}
