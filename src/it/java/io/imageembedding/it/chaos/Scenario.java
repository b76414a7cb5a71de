// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

/**
 * A failure by name, and what has to be true all the same.
 *
 * @param name as the command line knows it
 * @param promise what holds, in one sentence
 * @param script what is done to the job
 */
record Scenario(String name, String promise, Script script) {

  /** Feeds the job, does harm, and says what should have come of it. */
  interface Script {
    void play(Trial trial) throws Exception;
  }

  /** The scenario cannot be played on this machine. */
  static final class SkippedException extends Exception {
    private static final long serialVersionUID = 1L;

    SkippedException(String reason) {
      super(reason);
    }
  }
}
