// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

/**
 * Why a checkpoint of a task failed, in one line for people. It is an {@code Error} because Flink
 * 2.3 puts "Could not perform checkpoint" in front of every exception that is thrown while a
 * checkpoint is taken, and that is then what its log and its page show first; an error it takes as
 * it is, and restarts the job all the same.
 */
final class CheckpointFailure extends Error {
  private static final long serialVersionUID = 1L;

  CheckpointFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
