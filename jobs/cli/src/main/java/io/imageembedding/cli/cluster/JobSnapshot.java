// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.cluster;

import io.imageembedding.cli.figures.Checkpoints;
import io.imageembedding.cli.figures.Reading;
import java.util.Map;
import org.apache.flink.annotation.Internal;

/**
 * A job at one moment.
 *
 * @param state by Flink's name
 * @param millis since the job was submitted
 * @param failure of a job that has failed, in one line; null of others
 * @param places of the subtasks that embed; empty where they were not asked for
 */
@Internal
public record JobSnapshot(
    String state,
    long millis,
    long restarts,
    Reading reading,
    Checkpoints checkpoints,
    String failure,
    Map<Integer, Place> places) {

  /**
   * Where a subtask is.
   *
   * @param state by Flink's name
   * @param taskManager its host and port
   */
  public record Place(String state, String taskManager, int attempt) {}

  /** Whether the job does not go on. */
  public boolean hasEnded() {
    return ClusterJob.isEnd(state);
  }

  public boolean hasFailed() {
    return state.equals("FAILED");
  }
}
