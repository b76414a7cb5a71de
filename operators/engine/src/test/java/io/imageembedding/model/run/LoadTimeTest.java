// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.model.ModelException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LoadTimeTest {
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final List<String> discarded = new CopyOnWriteArrayList<>();

  @AfterEach
  void nothingStaysBusy() {
    goOn.countDown();
    Awaitility.await().untilAsserted(() -> assertThat(LoadTime.stuck()).isZero());
  }

  @Test
  void whatIsMadeInTimeIsGivenBack() {
    assertThat(LoadTime.within(Duration.ofMinutes(1), "m", () -> "made", discarded::add))
        .isEqualTo("made");
    assertThat(discarded).isEmpty();
  }

  @Test
  void whatTakesTooLongIsRefusedAndClosedWhenItComesInTheEnd() {
    assertThatThrownBy(() -> LoadTime.within(Duration.ofMillis(50), "m", busy(), discarded::add))
        .isInstanceOf(ModelException.class)
        .hasMessage("model m: it is not read or proven after 50 ms, which is the limit");
    assertThat(LoadTime.stuck()).isEqualTo(1);
    assertThat(discarded).isEmpty();

    goOn.countDown();

    Awaitility.await().untilAsserted(() -> assertThat(discarded).containsExactly("late"));
  }

  @Test
  void aProcessWithTooManyBusyModelsLoadsNoFurtherOne() {
    for (int i = 0; i <= LoadTime.MOST_STUCK; i++) {
      assertThatThrownBy(() -> LoadTime.within(Duration.ofMillis(1), "m", busy(), discarded::add))
          .hasMessageContaining("after 1 ms");
    }

    assertThatThrownBy(() -> LoadTime.spend("next", () -> "made", discarded::add))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("model next: 3 models in this process have taken too long");
  }

  @Test
  void anErrorOfAModelIsOneLine() {
    assertFails(
        () -> {
          throw new StackOverflowError();
        },
        "model m: it is nested too deeply");
    assertFails(
        () -> {
          throw new OutOfMemoryError("Java heap space");
        },
        "model m: it does not fit into memory");
    assertFails(
        () -> {
          throw new IndexOutOfBoundsException("7\nof 3");
        },
        "model m: it is damaged, or of no known form"
            + " (java.lang.IndexOutOfBoundsException: 7\\u000aof 3)");
    assertFails(
        () -> {
          throw new ModelException("model m: no node a\n\u001b[31mb");
        },
        "model m: no node a\\u000a\\u001b[31mb");
  }

  @Test
  void anInterruptEndsTheWait() {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> LoadTime.spend("m", busy(), discarded::add))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  private Supplier<String> busy() {
    return () -> {
      try {
        goOn.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return "late";
    };
  }

  private void assertFails(Supplier<String> work, String message) {
    assertThatThrownBy(() -> LoadTime.spend("m", work, discarded::add))
        .isInstanceOf(ModelException.class)
        .hasMessage(message);
  }
}
