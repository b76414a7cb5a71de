// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Starts and stops the operator 200 times and embeds 100,000 images, in some minutes; not part of
 * the build. {@code mvn verify -pl operators/core -am -Dtest=TaskMemoryMeasurement
 * -Dsurefire.failIfNoSpecifiedTests=false} prints the memory after every twentieth stop.
 */
class TaskMemoryMeasurement {

  @Test
  void memoryIsFlatOver200StartsAnd100000Images() throws Exception {
    List<Long> kilobytes = TaskProcess.run("restarts", "100", "504");

    for (int i = 9; i < kilobytes.size(); i += 10) {
      System.out.printf("after %d starts: %d MB%n", 2 * (i + 1), kilobytes.get(i) / 1000);
    }
    assertThat(kilobytes.get(99) - kilobytes.get(19))
        .as("kilobytes by which the last 160 starts make the process larger")
        .isLessThan(50 * 1000);
  }
}
