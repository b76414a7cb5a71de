// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Images that took too long and are still being decoded, each by a thread that cannot be stopped;
 * bounds how many there are, without an end for whoever goes on. While there are {@value #MOST},
 * formats of which none of them is are still decoded; while there is one more, nothing is. What a
 * decoder leaves behind when it is closed counts for every decoder in the process, so that a job
 * does not get more of them by being restarted.
 *
 * <p>An image that finds no room waits for it, no longer than an image may take; if in all the time
 * of {@value #PATIENCE} of them no other image has come back, the next ones do not wait.
 */
final class StuckImages {
  static final int MOST = 4;
  private static final int PATIENCE = 3;

  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final Condition ENDED = LOCK.newCondition();

  /** Of all decoders in the process. */
  private static final List<Stuck> ALL = new ArrayList<>();

  private final Duration maxTime;
  private long patienceNanos;
  private boolean closed;

  /**
   * @param maxTime after which an image is stuck, and longest time that another waits for it
   */
  StuckImages(Duration maxTime) {
    this.maxTime = maxTime;
    patienceNanos = PATIENCE * maxTime.toNanos();
  }

  private record Stuck(StuckImages of, String format, long heapBytes, Object thread) {}

  /**
   * An image is stuck.
   *
   * @param thread by which it is told from others
   * @param heapBytes that it holds
   */
  void add(Object thread, String format, long heapBytes) {
    LOCK.lock();
    try {
      ALL.add(new Stuck(this, format, heapBytes, thread));
    } finally {
      LOCK.unlock();
    }
  }

  /** A thread has come back. */
  static void ended(Object thread) {
    LOCK.lock();
    try {
      ALL.removeIf(stuck -> stuck.thread == thread);
      ENDED.signalAll();
    } finally {
      LOCK.unlock();
    }
  }

  /** Those of this decoder. */
  int count() {
    LOCK.lock();
    try {
      return (int) ALL.stream().filter(stuck -> stuck.of == this).count();
    } finally {
      LOCK.unlock();
    }
  }

  /** Whether there are none that count here. */
  boolean isNone() {
    LOCK.lock();
    try {
      return counted().isEmpty();
    } finally {
      LOCK.unlock();
    }
  }

  /** Bytes of heap that they hold. */
  long heapBytes() {
    LOCK.lock();
    try {
      return counted().stream().mapToLong(Stuck::heapBytes).sum();
    } finally {
      LOCK.unlock();
    }
  }

  /** This decoder is closed; what is left counts for the others. */
  void leave() {
    LOCK.lock();
    try {
      closed = true;
    } finally {
      LOCK.unlock();
    }
  }

  private List<Stuck> counted() {
    return ALL.stream().filter(stuck -> stuck.of == this || stuck.of.closed).toList();
  }

  /**
   * Returns when an image of the format may be begun.
   *
   * @throws UndecodableImageException {@link Fault#DECODER_BUSY} if it may not
   */
  void requireRoom(String format) throws UndecodableImageException, InterruptedException {
    long left = maxTime.toNanos();
    LOCK.lockInterruptibly();
    try {
      List<Stuck> stuck = counted();
      while (!hasRoom(stuck, format) && left > 0 && patienceNanos > 0) {
        long waited = Math.min(left, patienceNanos);
        waited -= Math.max(0, ENDED.awaitNanos(waited));
        left -= waited;
        patienceNanos -= waited;
        stuck = counted();
      }
      if (!hasRoom(stuck, format)) {
        throw busy(format, stuck.size());
      }
      if (stuck.size() < MOST) {
        patienceNanos = PATIENCE * maxTime.toNanos();
      }
    } finally {
      LOCK.unlock();
    }
  }

  private static boolean hasRoom(List<Stuck> stuck, String format) {
    return stuck.size() < MOST
        || stuck.size() == MOST && stuck.stream().noneMatch(one -> one.format.equals(format));
  }

  private UndecodableImageException busy(String format, int others) {
    return new UndecodableImageException(
        Fault.DECODER_BUSY,
        ("the %s is not decoded: %d images that took longer than %d ms are still being decoded;"
                + " it can be tried again")
            .formatted(format, others, maxTime.toMillis()));
  }
}
