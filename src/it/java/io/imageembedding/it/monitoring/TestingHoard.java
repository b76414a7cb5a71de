// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.monitoring;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup.ClassOption;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.MapFunction;

/**
 * User code that gives back neither objects nor classes: it fills the heap and the metaspace of its
 * TaskManager nearly up to their limits, and keeps both until its job is cancelled.
 */
final class TestingHoard implements MapFunction<Long, Long> {
  private static final long serialVersionUID = 1L;
  private static final double FULL = 0.93;
  private static final int PIECE = 100_000;
  private static final int ROUNDS = 3;

  @Override
  public Long map(Long value) throws Exception {
    List<Object> hoard = new ArrayList<>();
    byte[] code = code();
    MemoryPoolMXBean metaspace =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getName().equals("Metaspace"))
            .findFirst()
            .orElseThrow();
    for (int round = 0; round < ROUNDS; round++) {
      // What others have left behind is to go first.
      System.gc();
      while (isBelow(metaspace.getUsage())) {
        // Strong: else each would have a part of the metaspace to itself, and fill it with gaps.
        hoard.add(
            MethodHandles.lookup()
                .defineHiddenClass(code, false, ClassOption.STRONG)
                .lookupClass());
      }
      while (isBelow(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage())) {
        hoard.add(new byte[PIECE]);
      }
    }
    while (!hoard.isEmpty()) {
      Thread.sleep(1000);
    }
    return value;
  }

  private static boolean isBelow(MemoryUsage usage) {
    return usage.getUsed() < FULL * usage.getMax();
  }

  private static byte[] code() throws IOException {
    try (InputStream in =
        TestingHoard.class.getResourceAsStream(TestingHoard.class.getSimpleName() + ".class")) {
      return in.readAllBytes();
    }
  }
}
