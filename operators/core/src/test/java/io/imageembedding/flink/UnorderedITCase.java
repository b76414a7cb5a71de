// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.embed.TestingImages;
import io.imageembedding.embed.TestingModel;
import java.io.IOException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.NettyShuffleEnvironmentOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One subtask that reads, as of a topic of one partition, and two slots that embed. */
class UnorderedITCase {
  private static final int ELEMENTS = 600;
  private static final int BATCH = 4;

  /** Much more than the network buffers of a slot hold of all elements. */
  private static final int ELEMENT_BYTES = 20_000;

  private static final int STUCK = 100;

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder().setNumberSlotsPerTaskManager(2).build());

  private static final Queue<String> ANSWERED = new ConcurrentLinkedQueue<>();
  private static CountDownLatch released;

  @BeforeEach
  void nothingIsAnswered() {
    ANSWERED.clear();
    released = new CountDownLatch(1);
  }

  @Test
  void aSlotThatStandsStillHoldsOnlyWhatItHasAlready() throws Exception {
    JobClient job = start(StreamExecutionEnvironment.getExecutionEnvironment());

    // A slot holds a batch, and in its buffers no more than its half of those of the reader.
    int others = ELEMENTS - BATCH - (1 << 20) / ELEMENT_BYTES;
    await().atMost(Duration.ofMinutes(1)).until(() -> ANSWERED.size() >= others);
    assertThat(released.getCount()).as("the slot stands still").isOne();
    released.countDown();
    job.getJobExecutionResult().get(1, TimeUnit.MINUTES);

    assertThat(ANSWERED)
        .extracting(answer -> Integer.parseInt(answer.split(" ")[1]))
        .containsExactlyInAnyOrderElementsOf(IntStream.range(0, ELEMENTS).boxed().toList());
    assertThat(ANSWERED).extracting(answer -> answer.split(" ")[0]).contains("0", "1");
  }

  @Test
  void whatAUserHasSetOfFlinkIsKept() {
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(
            new Configuration()
                .set(NettyShuffleEnvironmentOptions.ADAPTIVE_PARTITIONER_ENABLED, false));
    DataStream<byte[]> files = env.fromData(new byte[1]).map(file -> file).setBufferTimeout(7);
    embed(files).sinkTo(new DiscardingSink<>());

    assertThat(
            env.getConfiguration().get(NettyShuffleEnvironmentOptions.ADAPTIVE_PARTITIONER_ENABLED))
        .isFalse();
    assertThat(files.getTransformation().getBufferTimeout()).isEqualTo(7);
  }

  @Test
  void theJobItselfCarriesWhatFlinkHasToDo() {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    DataStream<byte[]> files = env.fromData(new byte[1]).map(file -> file);
    embed(files.union(env.fromData(new byte[1]))).sinkTo(new DiscardingSink<>());

    assertThat(files.getTransformation().getBufferTimeout()).isZero();
    assertThat(
            env.getStreamGraph()
                .getJobGraph()
                .getJobConfiguration()
                .get(NettyShuffleEnvironmentOptions.ADAPTIVE_PARTITIONER_ENABLED))
        .isTrue();
  }

  private static JobClient start(StreamExecutionEnvironment env) throws Exception {
    DataStream<byte[]> files =
        env.fromSequence(0, ELEMENTS - 1)
            .setParallelism(1)
            .map(UnorderedITCase::element)
            .setParallelism(1);
    embed(files)
        .map(new Answered())
        .setParallelism(2)
        .sinkTo(new DiscardingSink<>())
        .setParallelism(2);
    return env.executeAsync();
  }

  private static DataStream<Embedded<byte[]>> embed(DataStream<byte[]> files) {
    return ImageEmbedding.of(UnorderedITCase::image)
        .model(TestingModel.SOUND)
        .batches(new BatchPolicy(BATCH, 1 << 20, Duration.ofMillis(20)))
        .crashFence(FenceOptions.NONE)
        .parallelism(2)
        .unordered(true)
        .embed(files);
  }

  private static byte[] element(long number) {
    byte[] element = new byte[ELEMENT_BYTES];
    element[0] = (byte) (number >> 8);
    element[1] = (byte) number;
    return element;
  }

  private static int number(byte[] element) {
    return (element[0] & 0xff) << 8 | element[1] & 0xff;
  }

  private static byte[] image(byte[] element) throws IOException {
    if (number(element) == STUCK) {
      try {
        released.await(2, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
    return TestingImages.solid(number(element) % 200);
  }

  /** Notes the subtask with the number. */
  private static final class Answered extends RichMapFunction<Embedded<byte[]>, String> {
    private static final long serialVersionUID = 1L;

    @Override
    public String map(Embedded<byte[]> answer) {
      String line =
          getRuntimeContext().getTaskInfo().getIndexOfThisSubtask()
              + " "
              + number(answer.element());
      ANSWERED.add(line);
      return line;
    }
  }
}
