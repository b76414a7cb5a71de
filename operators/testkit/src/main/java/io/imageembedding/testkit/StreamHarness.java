// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import io.imageembedding.annotation.PublicEvolving;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.jspecify.annotations.Nullable;

/**
 * Runs a part of a job in the test's own thread, without a cluster and by a clock that stands still
 * until the test moves it. What goes in has been worked on when {@link #send} returns, as far as
 * time allows; a micro-batch that waits for company is closed by {@link #advance}, {@link
 * #checkpoint}, {@link #watermark} or {@link #finish}, as in a task.
 *
 * <pre>{@code
 * try (StreamHarness<byte[], String> harness =
 *     StreamHarness.of(TypeInformation.of(byte[].class), files -> Photos.describe(files, model))) {
 *   harness.send(SampleImages.jpeg(1), SampleImages.truncated());
 *   harness.advance(Duration.ofMillis(100));
 *   assertThat(harness.read()).containsExactly("1280 features", "TRUNCATED");
 * }
 * }</pre>
 *
 * <p>The part is any chain of operators with one input, keyed or not, each in one parallel instance
 * of Flink's own test harness: functions are opened, closed, given timers and state, elements
 * serialized between operators, as in a task. What joins streams, side outputs, sources and sinks
 * are not run: the stream before a sink is the end of the part.
 *
 * <p>Belongs to the thread that made it.
 *
 * @param <T> what goes in
 * @param <R> what comes out
 */
@PublicEvolving
public final class StreamHarness<T, R> implements AutoCloseable {
  private final List<HarnessLink> links;
  private final List<Output<R>> results = new ArrayList<>();
  private final List<Long> watermarks = new ArrayList<>();
  private long now;
  private long checkpoints;

  private StreamHarness(List<HarnessLink> links) {
    this.links = links;
  }

  /**
   * Opens a part of a job at time 0.
   *
   * @param type of what goes in
   * @param part from the stream that goes in to the one that comes out
   * @throws IllegalArgumentException if there is something between them that has no single input
   */
  public static <T, R> StreamHarness<T, R> of(
      TypeInformation<T> type, Function<DataStream<T>, DataStream<R>> part) throws Exception {
    return open(type, part, null);
  }

  /**
   * Opens a part of a job with what an earlier one had in its state, at time 0.
   *
   * @param type of what goes in
   * @param part of the same operators as the earlier one
   * @param checkpoint of the earlier one
   */
  public static <T, R> StreamHarness<T, R> restored(
      TypeInformation<T> type, Function<DataStream<T>, DataStream<R>> part, Checkpoint checkpoint)
      throws Exception {
    return open(type, part, checkpoint);
  }

  private static <T, R> StreamHarness<T, R> open(
      TypeInformation<T> type,
      Function<DataStream<T>, DataStream<R>> part,
      @Nullable Checkpoint checkpoint)
      throws Exception {
    StreamHarness<T, R> harness = new StreamHarness<>(HarnessLink.chain(type, part));
    try {
      if (checkpoint != null && checkpoint.states.size() != harness.links.size()) {
        throw new IllegalArgumentException(
            "the checkpoint is of %d operators, this part has %d"
                .formatted(checkpoint.states.size(), harness.links.size()));
      }
      // As in a task: from the end, so that who opens first can emit.
      for (int i = harness.links.size() - 1; i >= 0; i--) {
        harness.links.get(i).open(checkpoint == null ? null : checkpoint.states.get(i));
      }
      harness.settle();
      return harness;
    } catch (Throwable e) {
      harness.closeAfter(e);
      throw e;
    }
  }

  /** State of all operators, for {@link #restored}. */
  public static final class Checkpoint {
    private final List<OperatorSubtaskState> states;

    private Checkpoint(List<OperatorSubtaskState> states) {
      this.states = states;
    }
  }

  /**
   * Something that came out.
   *
   * @param timestamp null where it has none
   */
  public record Output<R>(R element, @Nullable Long timestamp) {}

  /**
   * Elements without timestamps, one directly after the other: each is at hand when the one before
   * has been taken.
   */
  @SafeVarargs
  public final void send(T... elements) throws Exception {
    for (T element : elements) {
      sendOne(new StreamRecord<>(element));
    }
    settle();
  }

  /** An element with a timestamp. */
  public void sendAt(long timestamp, T element) throws Exception {
    sendOne(new StreamRecord<>(element, timestamp));
    settle();
  }

  /** As a task does: mails first, then one element. */
  private void sendOne(StreamRecord<T> record) throws Exception {
    for (HarnessLink link : links) {
      link.runMails();
    }
    pass(0, record);
  }

  /** Says that no element with this or an earlier timestamp follows. */
  public void watermark(long timestamp) throws Exception {
    pass(0, new Watermark(timestamp));
    settle();
  }

  /** Says that nothing is to be expected from the input for now. */
  public void idle() throws Exception {
    pass(0, WatermarkStatus.IDLE);
    settle();
  }

  /**
   * Moves the clock on. Everything that is due meanwhile happens at its own time and in its order,
   * whichever operator it belongs to.
   */
  public void advance(Duration duration) throws Exception {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("time does not go back by " + duration.negated());
    }
    long end = Math.addExact(now, duration.toMillis());
    do {
      long next = end;
      for (HarnessLink link : links) {
        next = Math.min(next, link.nextTimerAfter(now));
      }
      now = next;
      // From the end, so that who is handed something at this time has this time, too.
      for (int i = links.size() - 1; i >= 0; i--) {
        links.get(i).setTime(now);
        settle();
      }
    } while (now < end);
  }

  /** Milliseconds since the harness was opened, by its own clock. */
  public long time() {
    return now;
  }

  /** Lets a checkpoint barrier through, and says that the checkpoint is complete. */
  public Checkpoint checkpoint() throws Exception {
    long id = ++checkpoints;
    for (HarnessLink link : links) {
      link.beforeBarrier(id);
      settle();
    }
    List<OperatorSubtaskState> states = new ArrayList<>();
    for (HarnessLink link : links) {
      states.add(link.snapshot(id, now));
    }
    for (HarnessLink link : links) {
      link.completed(id);
      settle();
    }
    return new Checkpoint(states);
  }

  /** Ends the input. */
  public void finish() throws Exception {
    for (HarnessLink link : links) {
      link.finish();
      settle();
    }
  }

  /** What came out since this was asked before, in order. */
  public List<R> read() throws Exception {
    return readTimed().stream().map(Output::element).toList();
  }

  /** The same with timestamps. */
  public List<Output<R>> readTimed() throws Exception {
    settle();
    List<Output<R>> read = List.copyOf(results);
    results.clear();
    return read;
  }

  /** The watermarks that came out, all of them. */
  public List<Long> watermarks() {
    return List.copyOf(watermarks);
  }

  /**
   * Runs what operators have asked the task for, and hands on what they give, until all is done.
   */
  private void settle() throws Exception {
    boolean moved = true;
    while (moved) {
      moved = false;
      for (int i = 0; i < links.size(); i++) {
        moved |= links.get(i).runMails();
        moved |= handOn(i);
      }
    }
  }

  private boolean handOn(int from) throws Exception {
    boolean moved = false;
    for (Object next = links.get(from).poll(); next != null; next = links.get(from).poll()) {
      pass(from + 1, next);
      moved = true;
    }
    return moved;
  }

  private void pass(int to, Object element) throws Exception {
    if (to < links.size()) {
      links.get(to).accept(element);
      handOn(to);
    } else if (element instanceof StreamRecord<?> record) {
      @SuppressWarnings("unchecked") // It comes out of the last operator.
      R result = (R) record.getValue();
      results.add(new Output<>(result, record.hasTimestamp() ? record.getTimestamp() : null));
    } else if (element instanceof Watermark watermark) {
      watermarks.add(watermark.getTimestamp());
    }
  }

  private void closeAfter(Throwable cause) {
    try {
      close();
    } catch (Throwable e) {
      cause.addSuppressed(e);
    }
  }

  /** Closes every operator, whichever of them fails. */
  @Override
  public void close() throws Exception {
    Exception failure = null;
    for (HarnessLink link : links) {
      try {
        link.close();
      } catch (Exception e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
