// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import io.imageembedding.bench.worker.Figures;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What the threads of Flink's tasks spend their time with: their stacks are looked at every few
 * milliseconds, and the innermost frame that is of a known package says whose time it is. Waiting
 * for input or for a turn is nobody's.
 */
final class TaskProfile {
  private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(7);
  private static final String TASK_THREADS = "Source: .*\\(\\d+/\\d+\\)#\\d+";

  /** In the order in which a frame is asked. */
  private enum Owner {
    DECODE("io.imageembedding.image."),
    INFERENCE("io.imageembedding.model."),
    KAFKA_CLIENT("org.apache.kafka."),
    OURS("io.imageembedding."),
    IDLE("org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailboxImpl"),
    FLINK("org.apache.flink."),
    OTHER("");

    private final String packages;

    Owner(String packages) {
      this.packages = packages;
    }

    String key() {
      return Figures.PROFILE + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private TaskProfile() {}

  static boolean isTask(String thread) {
    return thread.matches(TASK_THREADS);
  }

  /** Percent of the time in which the threads did anything, by owner. */
  static Map<String, Double> sample(long nanos) {
    List<Thread> tasks =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> isTask(thread.getName()))
            .toList();
    Map<Owner, Integer> counts = new EnumMap<>(Owner.class);
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      for (Thread task : tasks) {
        counts.merge(owner(task.getStackTrace()), 1, Integer::sum);
      }
      LockSupport.parkNanos(INTERVAL_NANOS);
    }
    counts.remove(Owner.IDLE);
    double all = counts.values().stream().mapToInt(Integer::intValue).sum();
    Map<String, Double> shares = new TreeMap<>();
    counts.forEach((owner, count) -> shares.put(owner.key(), 100 * count / all));
    return shares;
  }

  private static Owner owner(StackTraceElement[] stack) {
    for (StackTraceElement frame : stack) {
      for (Owner owner : Owner.values()) {
        if (owner != Owner.OTHER && frame.getClassName().startsWith(owner.packages)) {
          return owner;
        }
      }
    }
    return Owner.OTHER;
  }
}
