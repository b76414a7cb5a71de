// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.CrashNote.Entry;
import io.imageembedding.flink.CrashNotes.Past;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an image that ends the process from doing so for ever. Before native code sees a batch, the
 * places of its images are noted where a dead process leaves them. The images that a process died
 * with, of all its tasks, run alone the next time, while no other task of the job embeds anything
 * in the process, and one that was alone when a process died again is refused as {@link
 * Refusal#CRASHED}.
 *
 * <p>A process that was killed from outside in the middle of a batch counts as one death of its
 * images, which then run alone once. An image whose decoder goes on in the background, because it
 * took too long, stays noted until that ends. Elements without a place are not fenced. Not
 * thread-safe.
 */
final class CrashFence implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CrashFence.class);

  /** Images in the background that are noted; no more than these can be stuck. */
  private static final int MOST_IN_BACKGROUND = 16;

  private static final int EVERYBODY = 1 << 20;
  private static final long LONGEST_WAIT_SECONDS = 60;

  /** Of all tasks of the job in this process: one for each batch, all for one that is alone. */
  private static final Semaphore RUNNING = new Semaphore(EVERYBODY, true);

  /** Answers the images of a batch from one index to before another. */
  @FunctionalInterface
  interface Batch {
    List<Outcome> embed(int from, int to) throws IOException;
  }

  private final Map<String, Past> pasts;
  private final CrashNote note;
  private final IntSupplier background;
  private final EmbedMetrics metrics;
  private final List<Entry> lingering = new ArrayList<>();
  private boolean broken;

  private CrashFence(
      Map<String, Past> pasts, CrashNote note, IntSupplier background, EmbedMetrics metrics) {
    this.pasts = pasts;
    this.note = note;
    this.background = background;
    this.metrics = metrics;
  }

  /**
   * Reads what dead processes left, and makes a note for this task.
   *
   * @param batchSize of the largest batch
   * @param background how many images are still being decoded although they were given up
   */
  static CrashFence open(
      CrashNotes notes, int subtask, int batchSize, IntSupplier background, EmbedMetrics metrics)
      throws IOException {
    Map<String, Past> pasts = new HashMap<>(notes.ofDeadProcesses());
    if (!pasts.isEmpty()) {
      LOG.warn(
          "A process of this job died with {} images, which run alone now, or not at all: {}",
          pasts.size(),
          pasts);
    }
    CrashNote note = notes.create(subtask, batchSize + MOST_IN_BACKGROUND);
    return new CrashFence(pasts, note, background, metrics);
  }

  /**
   * Answers a batch.
   *
   * @param places of its images, null for those that have none
   */
  List<Outcome> embed(List<String> places, Batch batch) throws IOException {
    List<Outcome> outcomes = new ArrayList<>(places.size());
    int from = 0;
    for (int i = 0; i < places.size() && !pasts.isEmpty(); i++) {
      Past past = pasts.get(places.get(i));
      if (past == null) {
        continue;
      }
      noted(places, from, i, batch, outcomes);
      if (past.convicted()) {
        outcomes.add(refused(past));
      } else {
        metrics.ranAlone();
        noted(places, i, i + 1, batch, outcomes);
        pasts.remove(places.get(i));
      }
      from = i + 1;
    }
    noted(places, from, places.size(), batch, outcomes);
    return outcomes;
  }

  private Refusal refused(Past past) {
    Refusal refusal =
        new Refusal(
            Refusal.Stage.IMAGE,
            Refusal.CRASHED,
            "the process of the task died "
                + past.deaths()
                + " times while this image was decoded or embedded, the last time alone");
    metrics.answered(refusal);
    metrics.convicted();
    return refusal;
  }

  private void noted(List<String> places, int from, int to, Batch batch, List<Outcome> outcomes)
      throws IOException {
    if (from == to) {
      return;
    }
    if (pasts.isEmpty()) {
      run(places, from, to, false, batch, outcomes);
      return;
    }
    boolean suspected = to - from == 1 && pasts.containsKey(places.get(from));
    int permits = suspected ? EVERYBODY : 1;
    boolean entered = enter(permits);
    try {
      boolean alone = suspected && entered && lingering.isEmpty();
      run(places, from, to, alone, batch, outcomes);
    } finally {
      if (entered) {
        RUNNING.release(permits);
      }
    }
  }

  /** Waits for images that may not run at the same time, but not for ever. */
  private static boolean enter(int permits) throws IOException {
    try {
      return RUNNING.tryAcquire(permits, LONGEST_WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while other images were embedded");
    }
  }

  private void run(
      List<String> places, int from, int to, boolean alone, Batch batch, List<Outcome> outcomes)
      throws IOException {
    List<Entry> entries = new ArrayList<>(lingering);
    for (String place : places.subList(from, to)) {
      if (place != null) {
        entries.add(entry(place, alone));
      }
    }
    write(entries);
    try {
      List<Outcome> answers = batch.embed(from, to);
      linger(places, from, answers);
      outcomes.addAll(answers);
    } finally {
      write(lingering);
    }
  }

  private Entry entry(String place, boolean alone) {
    Past past = pasts.get(place);
    return new Entry(place, past == null ? 0 : past.deaths(), alone);
  }

  /** A file that is mapped can fail like any other, and says so by an error of the JVM. */
  private void write(List<Entry> entries) {
    if (broken) {
      return;
    }
    try {
      note.set(entries);
    } catch (InternalError e) {
      broken = true;
      LOG.warn("The crash fence's note cannot be written, no more images are noted", e);
    }
  }

  /** Images that were given up, some of which are still being decoded. */
  private void linger(List<String> places, int from, List<Outcome> answers) {
    if (background.getAsInt() == 0) {
      lingering.clear();
      return;
    }
    for (int i = 0; i < answers.size() && lingering.size() < MOST_IN_BACKGROUND; i++) {
      String place = places.get(from + i);
      if (place != null
          && answers.get(i) instanceof Refusal refusal
          && refusal.code().equals("TOO_LARGE")) {
        lingering.add(entry(place, false));
      }
    }
  }

  @Override
  public void close() {
    try {
      note.close();
    } catch (IOException e) {
      LOG.warn("The crash fence's note cannot be closed: {}", e.toString());
    }
  }
}
