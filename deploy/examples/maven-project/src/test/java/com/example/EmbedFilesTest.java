// SPDX-License-Identifier: Apache-2.0
package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(MiniClusterExtension.class)
class EmbedFilesTest {
  @TempDir Path folder;

  @Test
  void everyFileIsAnswered() throws Exception {
    Path grey = folder.resolve("grey.png");
    ImageIO.write(new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB), "png", grey.toFile());
    Path text = Files.writeString(folder.resolve("text.jpg"), "not an image");
    Path gone = folder.resolve("gone.jpg");
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(1);

    List<String> answers =
        EmbedFiles.describe(env.fromData(grey.toString(), text.toString(), gone.toString()))
            .executeAndCollect(10);

    assertEquals(3, answers.size());
    assertEquals(grey + ": 1280 features", answers.get(0));
    assertTrue(answers.get(1).startsWith(text + ": NOT_AN_IMAGE, "), answers.get(1));
    assertTrue(answers.get(2).startsWith(gone + ": EXTRACTOR_FAILED, "), answers.get(2));
  }
}
