// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Images that one thread decodes one after the other, while another waits and sees how long each
 * takes. It is all of them that are handed over: each time that threads change costs the next
 * inference its warm caches.
 *
 * @param <R> what a decoder makes of an image, until it is kept
 * @param <T> what is kept of it
 */
final class DecodeRun<R, T> {

  /** What is done with an image. */
  interface Decoding<R, T> {

    /** Takes as long as it takes; may be left behind. */
    R decode(DecodePass pass, byte[] encoded) throws UndecodableImageException;

    /** Is called while the other thread waits, and never for what has been left behind. */
    T keep(R decoded);
  }

  /**
   * What became of an image: one of the two is null.
   *
   * @param nanos that it took
   */
  record Answer<T>(T kept, UndecodableImageException refusal, long nanos) {}

  private final List<byte[]> images;
  private final Decoding<R, T> decoding;
  private final List<Answer<T>> answers = new ArrayList<>();
  private long begun = System.nanoTime();
  private boolean leftBehind;

  DecodeRun(List<byte[]> images, Decoding<R, T> decoding) {
    this.images = images;
    this.decoding = decoding;
  }

  /** Decodes them, on the thread that may be left behind. */
  void decode(DecodePass pass) {
    for (byte[] encoded : images) {
      if (!begin()) {
        return;
      }
      R decoded = null;
      UndecodableImageException refusal = null;
      try {
        decoded = decoding.decode(pass, encoded);
      } catch (UndecodableImageException e) {
        refusal = e;
      }
      answer(decoded, refusal);
    }
  }

  private synchronized boolean begin() {
    begun = System.nanoTime();
    return !leftBehind;
  }

  private synchronized void answer(R decoded, UndecodableImageException refusal) {
    if (!leftBehind) {
      long nanos = System.nanoTime() - begun;
      answers.add(new Answer<>(refusal == null ? decoding.keep(decoded) : null, refusal, nanos));
    }
  }

  /**
   * Waits until all are decoded, or one takes longer than that. Then the thread is left behind: it
   * keeps nothing any more.
   *
   * @param running ends with the last image
   * @return whether all are decoded
   */
  boolean await(Future<?> running, Duration maxTime)
      throws InterruptedException, ExecutionException {
    long max = maxTime.toNanos();
    long left = max;
    while (left > 0) {
      try {
        running.get(left, TimeUnit.NANOSECONDS);
        return true;
      } catch (TimeoutException e) {
        left = left(max);
      }
    }
    return false;
  }

  private synchronized long left(long max) {
    if (answers.size() == images.size()) {
      return max;
    }
    long left = max - (System.nanoTime() - begun);
    leftBehind = left <= 0;
    return left;
  }

  /** Whoever waits goes away; what is being decoded is not kept. */
  synchronized void leave() {
    leftBehind = true;
  }

  /** The image that is being decoded, or was last. */
  synchronized byte[] current() {
    return images.get(Math.min(answers.size(), images.size() - 1));
  }

  /** Of those that were decoded, in their order. */
  synchronized List<Answer<T>> answers() {
    return List.copyOf(answers);
  }
}
