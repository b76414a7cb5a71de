// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.time.Duration;
import java.util.List;

/** Processes that this one started, and which are not to outlive it. */
final class OwnProcesses {

  /** For a thread that starts another while this process ends. */
  private static final Duration QUIET = Duration.ofSeconds(1);

  private OwnProcesses() {}

  /** Ends them when this process is told to end, whatever it is doing then. */
  static void endWithThisOne() {
    Runtime.getRuntime().addShutdownHook(new Thread(OwnProcesses::end, "end the processes"));
  }

  private static void end() {
    long quietSince = System.nanoTime();
    while (System.nanoTime() - quietSince < QUIET.toNanos()) {
      List<ProcessHandle> alive =
          ProcessHandle.current().descendants().filter(ProcessHandle::isAlive).toList();
      if (!alive.isEmpty()) {
        alive.forEach(ProcessHandle::destroyForcibly);
        quietSince = System.nanoTime();
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}
