// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs.cli;

import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** Progress bars on standard error, if that is a terminal. */
final class Progress {
  private Progress() {}

  static ProgressBar bar(String task, long steps) {
    ProgressBarBuilder builder =
        new ProgressBarBuilder().setTaskName(task).setInitialMax(steps).clearDisplayOnFinish();
    if (System.console() == null) {
      builder.setConsumer(new DelegatingProgressBarConsumer(line -> {}));
    }
    return builder.build();
  }
}
