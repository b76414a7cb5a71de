// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each in a JVM of its own: TensorFlow makes its threads once. */
@Timeout(60)
class IntraOpThreadsTest {

  /**
   * What a child process does: runs a network with each number of threads in turn, and prints for
   * each how many threads there are that Java has not named, as TensorFlow's are not, and the
   * vector.
   */
  static final class RunNetwork {
    private RunNetwork() {}

    public static void main(String[] threads) throws IOException {
      float[] pixels = new float[96 * 96 * 3];
      Random random = new Random(1);
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = random.nextFloat();
      }
      ModelSource source = ModelSource.parse("untrained:mobilenet_v2_0.35_96");
      for (String count : threads) {
        try (FeatureVectorModel model = source.withIntraOpThreads(Integer.parseInt(count)).load();
            ImageTensor image = model.newInput(1)) {
          image.append(pixels);
          float[] vector = model.embed(image)[0];
          StringBuilder line = new StringBuilder().append(threads());
          for (float feature : vector) {
            line.append(' ').append(feature);
          }
          System.out.println(line);
        }
      }
    }

    private static long threads() throws IOException {
      try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
        return tasks.filter(RunNetwork::isUnnamed).count();
      }
    }

    private static boolean isUnnamed(Path task) {
      try {
        return Files.readString(task.resolve("comm")).equals("java\n");
      } catch (IOException e) {
        return false;
      }
    }
  }

  @Test
  void soManyThreadsComputeAnImageAndItsVectorIsTheSame() throws Exception {
    float[] alone = run("1")[0];
    float[] together = run("4")[0];

    assertThat(together[0] - alone[0]).isEqualTo(4 - 1);
    for (int i = 1; i < alone.length; i++) {
      assertThat(together[i]).isCloseTo(alone[i], within(1e-5f));
    }
  }

  @Test
  void theFirstModelOfAProcessDecides() throws Exception {
    float[][] both = run("3", "5");

    assertThat(both[1]).isEqualTo(both[0]);
    assertThat(both[0][0]).isEqualTo(run("3")[0][0]);
  }

  private static float[][] run(String... threads) throws Exception {
    return TestingJvm.run(RunNetwork.class, Map.of(), threads)
        .lines()
        .map(
            line -> {
              String[] words = line.split(" ");
              float[] numbers = new float[words.length];
              for (int i = 0; i < words.length; i++) {
                numbers[i] = Float.parseFloat(words[i]);
              }
              return numbers;
            })
        .toArray(float[][]::new);
  }
}
