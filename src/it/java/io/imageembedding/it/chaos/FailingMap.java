// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.kafka.KafkaMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.state.CheckpointListener;

/**
 * A user's operator that fails some times, each time after a checkpoint has been completed and more
 * has been read. How often it has failed is kept in a folder, as its process may be any.
 */
final class FailingMap implements MapFunction<KafkaMessage, KafkaMessage>, CheckpointListener {
  private static final long serialVersionUID = 1L;
  private static final int AFTER = 20;

  private final String marks;
  private final int times;
  private transient boolean checkpointed;
  private transient int since;

  FailingMap(String marks, int times) {
    this.marks = marks;
    this.times = times;
  }

  static int failures(Path marks) throws IOException {
    if (!Files.exists(marks)) {
      return 0;
    }
    try (Stream<Path> all = Files.list(marks)) {
      return (int) all.count();
    }
  }

  @Override
  public KafkaMessage map(KafkaMessage message) throws IOException {
    if (checkpointed && ++since == AFTER) {
      int before = failures(Path.of(marks));
      if (before < times) {
        Files.createDirectories(Path.of(marks));
        Files.createFile(Path.of(marks, String.valueOf(before)));
        throw new IllegalStateException("failure in mid-stream, on purpose");
      }
    }
    return message;
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) {
    checkpointed = true;
  }
}
