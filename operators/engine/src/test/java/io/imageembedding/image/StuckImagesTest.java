// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StuckImagesTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  private final List<Object> threads = new ArrayList<>();

  @AfterEach
  void end() {
    threads.forEach(StuckImages::ended);
  }

  @Test
  void anImageWaitsForOneOfItsFormatToComeBack() throws Exception {
    StuckImages stuck = stuck(LONG, "gif", 4);
    FutureTask<Void> image = waiting(stuck, "gif");

    StuckImages.ended(threads.get(2));

    image.get(1, TimeUnit.MINUTES);
    assertThat(stuck.count()).isEqualTo(3);
  }

  @Test
  void anImageOfAnotherFormatDoesNotWaitUntilThereIsOneMore() throws Exception {
    StuckImages stuck = stuck(LONG, "gif", 4);
    stuck.requireRoom("png");

    add(stuck, "jpeg");
    FutureTask<Void> png = waiting(stuck, "png");
    StuckImages.ended(threads.get(0));

    png.get(1, TimeUnit.MINUTES);
  }

  @Test
  void waitingEndsWithAnInterrupt() {
    StuckImages stuck = stuck(LONG, "gif", 4);
    FutureTask<Void> image = image(stuck, "gif");
    Thread thread = new Thread(image);
    thread.start();
    untilWaiting(thread);

    thread.interrupt();

    assertThatThrownBy(() -> image.get(1, TimeUnit.MINUTES))
        .hasCauseInstanceOf(InterruptedException.class);
  }

  @Test
  void imagesThatNeverComeBackAreNotWaitedForAgainAndAgain() {
    StuckImages stuck = stuck(Duration.ofMillis(200), "gif", 4);
    long start = System.nanoTime();

    // Were each of them to wait, it would take ten minutes.
    for (int i = 0; i < 3000; i++) {
      assertThatThrownBy(() -> stuck.requireRoom("gif"))
          .isInstanceOfSatisfying(
              UndecodableImageException.class,
              refusal -> assertThat(refusal.fault()).isEqualTo(Fault.DECODER_BUSY));
    }

    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(600), Duration.ofMinutes(5));
  }

  private StuckImages stuck(Duration maxTime, String format, int count) {
    StuckImages stuck = new StuckImages(maxTime);
    for (int i = 0; i < count; i++) {
      add(stuck, format);
    }
    return stuck;
  }

  private void add(StuckImages stuck, String format) {
    threads.add(new Object());
    stuck.add(threads.get(threads.size() - 1), format, 0);
  }

  private static FutureTask<Void> waiting(StuckImages stuck, String format) {
    FutureTask<Void> image = image(stuck, format);
    Thread thread = new Thread(image);
    thread.start();
    untilWaiting(thread);
    return image;
  }

  private static FutureTask<Void> image(StuckImages stuck, String format) {
    return new FutureTask<>(
        () -> {
          stuck.requireRoom(format);
          return null;
        });
  }

  private static void untilWaiting(Thread thread) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> thread.getState() == Thread.State.TIMED_WAITING);
  }
}
