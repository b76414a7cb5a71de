// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.contender;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/** How much heap the threads of this JVM had allocated at a moment. */
final class Allocation {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private record Thread(String name, long bytes) {}

  private final long nanos = System.nanoTime();
  private final Map<Long, Thread> threads = new HashMap<>();

  private Allocation() {
    long[] ids = THREADS.getAllThreadIds();
    long[] bytes = THREADS.getThreadAllocatedBytes(ids);
    ThreadInfo[] infos = THREADS.getThreadInfo(ids);
    for (int i = 0; i < ids.length; i++) {
      if (infos[i] != null && bytes[i] >= 0) {
        threads.put(ids[i], new Thread(infos[i].getThreadName(), bytes[i]));
      }
    }
  }

  static Allocation now() {
    return new Allocation();
  }

  /** Of the calling thread alone. */
  static long ofThisThread() {
    return THREADS.getThreadAllocatedBytes(java.lang.Thread.currentThread().getId());
  }

  /** Of Flink's task threads, which bear the names of their operators. */
  double taskBytesPerSecondSince(Allocation before) {
    return since(before, TaskProfile::isTask);
  }

  double bytesPerSecondSince(Allocation before) {
    return since(before, name -> true);
  }

  private double since(Allocation before, Predicate<String> names) {
    long sum = 0;
    for (Map.Entry<Long, Thread> entry : threads.entrySet()) {
      if (names.test(entry.getValue().name())) {
        Thread earlier = before.threads.get(entry.getKey());
        sum += entry.getValue().bytes() - (earlier == null ? 0 : earlier.bytes());
      }
    }
    return sum / ((nanos - before.nanos) / 1e9);
  }
}
