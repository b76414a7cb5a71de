// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.section;

import io.imageembedding.bench.report.Plan;
import java.nio.file.Path;

/** What sections are run with. */
public final class Setting implements AutoCloseable {
  private final Plan plan;
  private final Path folder;
  private final StreamSetup streams;

  /**
   * @param folder of fixtures and logs
   */
  public Setting(Plan plan, Path folder) {
    this.plan = plan;
    this.folder = folder;
    streams = new StreamSetup(plan, folder);
  }

  Plan plan() {
    return plan;
  }

  Path folder() {
    return folder;
  }

  StreamSetup streams() {
    return streams;
  }

  @Override
  public void close() throws InterruptedException {
    streams.close();
  }
}
