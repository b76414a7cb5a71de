// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.safety;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class BackoffTest {

  @Test
  void eachPauseIsTwiceAsLongUpToTheLongest() throws InterruptedException {
    Backoff backoff = new Backoff(Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofHours(1));
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      pauses.add(backoff.next().toMillis());
      assertThat(backoff.pause()).isTrue();
    }

    assertThat(pauses).containsExactly(1L, 2L, 4L, 5L, 5L);
  }

  @Test
  void theLastPauseIsWhatIsLeftAndThenThereIsNone() throws InterruptedException {
    Backoff backoff = new Backoff(Duration.ofHours(1), Duration.ofHours(1), Duration.ofMillis(20));

    assertThat(backoff.pause()).isTrue();
    assertThat(backoff.left()).isZero();
    assertThat(backoff.pause()).isFalse();
  }

  @Test
  void nothingIsWaitedForThatWasGivenUp() throws InterruptedException {
    Backoff backoff = new Backoff(Duration.ofHours(1), Duration.ofHours(1), Duration.ofDays(1));
    CountDownLatch givenUp = new CountDownLatch(1);
    givenUp.countDown();

    assertThat(backoff.pause(givenUp)).isFalse();
  }
}
