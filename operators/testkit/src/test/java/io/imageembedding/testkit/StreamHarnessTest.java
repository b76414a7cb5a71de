// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;

class StreamHarnessTest {

  /** Gives back after a while what it got, with the time by its own clock. */
  private static final class Later extends KeyedProcessFunction<Integer, String, String> {
    private static final long serialVersionUID = 1L;

    private final long millis;
    private transient ValueState<String> waiting;

    Later(long millis) {
      this.millis = millis;
    }

    @Override
    public void open(OpenContext context) {
      waiting = getRuntimeContext().getState(new ValueStateDescriptor<>("waiting", Types.STRING));
    }

    @Override
    public void processElement(String text, Context context, Collector<String> out)
        throws Exception {
      waiting.update(text);
      long now = context.timerService().currentProcessingTime();
      context.timerService().registerProcessingTimeTimer(now + millis);
    }

    @Override
    public void onTimer(long time, OnTimerContext context, Collector<String> out) throws Exception {
      out.collect(waiting.value() + " " + time);
      waiting.clear();
    }
  }

  private static DataStream<String> later(DataStream<String> stream, long millis) {
    return stream.keyBy(String::length).process(new Later(millis)).returns(Types.STRING);
  }

  @Test
  void timersOfAllOperatorsFireAtTheirOwnTimesHoweverFarTheClockIsMoved() throws Exception {
    try (StreamHarness<String, String> harness =
        StreamHarness.of(Types.STRING, stream -> later(later(stream, 100), 70))) {
      harness.send("a");
      harness.advance(Duration.ofMillis(99));
      assertThat(harness.read()).isEmpty();
      harness.send("bb");

      harness.advance(Duration.ofHours(1));

      assertThat(harness.read()).containsExactly("a 100 170", "bb 199 269");
      assertThat(harness.time()).isEqualTo(99 + 3_600_000);
    }
  }

  @Test
  void aCheckpointIsGoneOnFrom() throws Exception {
    StreamHarness.Checkpoint checkpoint;
    try (StreamHarness<String, String> harness =
        StreamHarness.of(Types.STRING, stream -> later(stream, 100))) {
      harness.send("a");
      checkpoint = harness.checkpoint();
    }
    try (StreamHarness<String, String> harness =
        StreamHarness.restored(Types.STRING, stream -> later(stream, 100), checkpoint)) {
      harness.advance(Duration.ofMillis(100));
      assertThat(harness.read()).containsExactly("a 100");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                StreamHarness.restored(
                    Types.STRING, stream -> later(later(stream, 1), 1), checkpoint))
        .withMessage("the checkpoint is of 1 operators, this part has 2");
  }

  @Test
  void elementsKeepTheirTimestampsAndWatermarksGoThrough() throws Exception {
    try (StreamHarness<String, String> harness =
        StreamHarness.of(
            Types.STRING, stream -> stream.map(String::strip).filter(t -> !t.isEmpty()))) {
      harness.sendAt(3, " a ");
      harness.sendAt(4, " ");
      harness.watermark(5);
      harness.finish();
      assertThat(harness.readTimed()).containsExactly(new StreamHarness.Output<>("a", 3L));
      assertThat(harness.read()).isEmpty();
      assertThat(harness.watermarks()).containsExactly(5L);
    }
  }

  @Test
  void whatAnOperatorThrowsIsThrownToTheTest() throws Exception {
    try (StreamHarness<Integer, Integer> harness =
        StreamHarness.of(Types.INT, stream -> stream.map(n -> 1 / n).returns(Types.INT))) {
      assertThatThrownBy(() -> harness.send(1, 0)).isInstanceOf(ArithmeticException.class);
      assertThat(harness.read()).isEqualTo(List.of(1));
    }
  }

  @Test
  void whatHasNoSingleInputIsRefusedByName() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                StreamHarness.of(
                    Types.INT, stream -> stream.union(stream.map(n -> n).returns(Types.INT))))
        .withMessageContaining("UnionTransformation")
        .withMessageContaining("no operator with one input");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StreamHarness.of(Types.INT, stream -> stream))
        .withMessageContaining("needed: at least one");
  }
}
