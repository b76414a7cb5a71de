// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import io.imageembedding.annotation.PublicEvolving;

/** Is told how training goes. */
@PublicEvolving
public interface FineTuneListener {

  /** Hears nothing. */
  FineTuneListener NONE = new FineTuneListener() {};

  /** Images have been looked through; those that cannot be read were listed by {@link #skipped}. */
  default void reading(int done, int all) {}

  /** An image is left out. */
  default void skipped(String fileAndReason) {}

  /** Training goes on after that many epochs. */
  default void resumed(int epochs) {}

  /** Training ends before its last epoch, because none after that one was better. */
  default void stopped(int bestEpoch) {}

  /** A step is done; figures are means over the epoch so far. */
  default void step(int epoch, int step, int steps, double loss, double accuracy) {}

  /** An epoch is done, and what it learned is safe. */
  default void epoch(EpochFigures figures) {}
}
