// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(MiniClusterExtension.class)
class EmbedFilesITCase {
  private static final int FILES = 30;

  @TempDir Path folder;

  @Test
  void everyFileOfABoundedStreamIsAnsweredInOrderAndWithItsOwnTimestamp() throws Exception {
    List<String> files = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      Path file = folder.resolve(i + ".png");
      if (i % 7 == 3) {
        Files.writeString(file, "not an image");
        expected.add(i * 1000 + " " + file + ": NOT_AN_IMAGE");
      } else {
        BufferedImage image = new BufferedImage(10 + i, 20, BufferedImage.TYPE_INT_RGB);
        ImageIO.write(image, "png", file.toFile());
        expected.add(i * 1000 + " " + file + ": 1280 features");
      }
      files.add(file.toString());
    }
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(1);
    DataStream<String> timed =
        env.fromData(files)
            .assignTimestampsAndWatermarks(
                WatermarkStrategy.<String>forMonotonousTimestamps()
                    .withTimestampAssigner((file, none) -> number(file) * 1000L));

    List<String> answers =
        EmbedFiles.describe(timed).process(new WithTimestamp()).executeAndCollect(FILES + 1);

    assertThat(answers).hasSize(FILES);
    for (int i = 0; i < FILES; i++) {
      assertThat(answers.get(i)).startsWith(expected.get(i));
    }
  }

  @Test
  void theReadmeShowsTheCodeThatWasTestedHere() throws Exception {
    Path project = Path.of(System.getProperty("image-embedding.project"));
    String source =
        Files.readString(
            project.resolve(
                "operators/core/src/test/java/io/imageembedding/example/EmbedFiles.java"));
    String shown =
        source
            .substring(
                source.indexOf("// README: begin\n") + 17, source.indexOf("  // README: end"))
            .lines()
            .map(line -> line.replaceFirst("^ {2}", ""))
            .collect(Collectors.joining("\n"));

    assertThat(Files.readString(project.resolve("README.md"))).contains(shown);
  }

  private static int number(String file) {
    return Integer.parseInt(Path.of(file).getFileName().toString().replace(".png", ""));
  }

  private static final class WithTimestamp extends ProcessFunction<String, String> {
    private static final long serialVersionUID = 1L;

    @Override
    public void processElement(String answer, Context context, Collector<String> out) {
      out.collect(context.timestamp() + " " + answer);
    }
  }
}
