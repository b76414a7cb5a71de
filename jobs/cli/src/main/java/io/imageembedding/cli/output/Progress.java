// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.output;

import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.apache.flink.annotation.Internal;

/** Progress bars on standard error, if that is a terminal. */
@Internal
public final class Progress {
  private Progress() {}

  public static ProgressBar bar(String task, long steps) {
    ProgressBarBuilder builder =
        new ProgressBarBuilder().setTaskName(task).setInitialMax(steps).clearDisplayOnFinish();
    if (System.console() == null) {
      builder.setConsumer(new DelegatingProgressBarConsumer(line -> {}));
    }
    return builder.build();
  }
}
