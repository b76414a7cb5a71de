// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.tensorflow.GraphSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.Summary;

class EventFilesTest {
  @TempDir Path folder;

  @Test
  void figuresAreReadBackFromBothFolders() throws Exception {
    int before = GraphSession.open();
    try (EventFiles events = new EventFiles(folder, true)) {
      events.write(new EpochFigures(1, 0.5, 0.25, 0.75, 0.125, 3), 0.01);
      // What is written is there before the training ends.
      assertThat(scalars("validation")).hasSize(2);
      events.write(new EpochFigures(2, 0.25, 0.5, 0.5, 0.25, 3), 0.005);
    }
    assertThat(GraphSession.open()).isEqualTo(before);

    assertThat(scalars("train"))
        .containsExactly(
            "epoch_accuracy 0 0.25",
            "epoch_accuracy 1 0.5",
            "epoch_learning_rate 0 0.01",
            "epoch_learning_rate 1 0.005",
            "epoch_loss 0 0.5",
            "epoch_loss 1 0.25");
    assertThat(scalars("validation"))
        .containsExactly(
            "epoch_accuracy 0 0.125",
            "epoch_accuracy 1 0.25",
            "epoch_loss 0 0.75",
            "epoch_loss 1 0.5");
  }

  @Test
  void withoutImagesToMeasureOnThereIsNoFolderOfThem() throws Exception {
    try (EventFiles events = new EventFiles(folder, false)) {
      events.write(new EpochFigures(1, 0.5, 0.25, null, null, 3), 0.01);
    }

    assertThat(scalars("train")).hasSize(3);
    assertThat(folder.resolve("tensorboard/validation")).doesNotExist();
  }

  @Test
  void aFolderThatCannotBeMadeIsNamed() throws Exception {
    int before = GraphSession.open();
    Path file = Files.writeString(folder.resolve("tensorboard"), "a file");

    assertThatThrownBy(() -> new EventFiles(folder, true))
        .isInstanceOf(FineTuneException.class)
        .hasMessageContaining(file + " cannot be written");
    assertThat(GraphSession.open()).isEqualTo(before);
  }

  /** Tag, step and value of every scalar, sorted. */
  private List<String> scalars(String run) throws IOException {
    TreeMap<String, String> scalars = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder.resolve("tensorboard").resolve(run))) {
      for (Path file : files.toList()) {
        assertThat(file.getFileName().toString()).startsWith("events.out.tfevents.");
        for (Event event : events(file)) {
          for (Summary.Value value : event.getSummary().getValueList()) {
            float scalar =
                value.hasTensor() ? value.getTensor().getFloatVal(0) : value.getSimpleValue();
            String key = value.getTag() + " " + event.getStep();
            scalars.put(key, key + " " + scalar);
          }
        }
      }
    }
    return List.copyOf(scalars.values());
  }

  /**
   * Records of TFRecord's format: length, masked CRC-32C of it, data, masked CRC-32C of them; all
   * little-endian.
   */
  static List<Event> events(Path file) throws IOException {
    List<Event> events = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      byte[] length = new byte[Long.BYTES];
      bytes.get(length);
      assertThat(bytes.getInt()).isEqualTo(masked(length));
      byte[] data =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      bytes.get(data);
      assertThat(bytes.getInt()).isEqualTo(masked(data));
      events.add(Event.parseFrom(data));
    }
    return events;
  }

  private static int masked(byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    int value = (int) crc.getValue();
    return ((value >>> 15) | (value << 17)) + 0xa282ead8;
  }
}
