// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.cli.output.TerminalSize;
import io.imageembedding.flink.EmbedMetrics;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JobMonitorTest {
  private static final String STATUS =
      "images in \\d+, out 0, refused 0, restarts %d, \\d+\\.\\d/s in, 0\\.0/s out, checkpoint none"
          + " yet";

  private static final CountDownLatch FAIL = new CountDownLatch(1);
  private static final CountDownLatch END = new CountDownLatch(1);

  @Test
  void onATerminalOneLineIsWrittenOverAndOnlyWhatHappensStays() throws Exception {
    TerminalSize size = new TerminalSize(120, 24);
    StringWriter err = new StringWriter();
    LocalFlink flink = new LocalFlink();
    StreamExecutionEnvironment env =
        flink.environment(
            Configuration.fromMap(
                Map.of("parallelism.default", "1", "restart-strategy.type", "fixed-delay")));
    env.fromSequence(1, 3).map(new Waiting()).sinkTo(new DiscardingSink<>());
    JobClient client = env.executeAsync("seen");
    try (JobMonitor monitor =
        new JobMonitor(flink, client.getJobID(), new PrintWriter(err), () -> size)) {
      monitor.start();
      await(err, "\r" + STATUS.formatted(0) + " *\r" + STATUS.formatted(0));
      assertThat(err.toString()).doesNotContain("\n");

      FAIL.countDown();
      await(err, "\r +\r\\d\\d:\\d\\d:\\d\\d the job failed in .*: it was told to; .*\n");
      await(err, "\r +\r\\d\\d:\\d\\d:\\d\\d the job runs again\n");
      await(err, "\r" + STATUS.formatted(1));
      END.countDown();
      client.getJobExecutionResult().get(1, TimeUnit.MINUTES);
    }

    // Nothing of the status is left on the line, and it is as long as what it replaces.
    assertThat(err.toString()).matches("(?s).*(\r +\r|\n)");
    assertThat(lines(err)).hasSize(2);
  }

  /** What is left on the terminal. */
  private static List<String> lines(StringWriter err) {
    return Arrays.stream(err.toString().split("\n"))
        .map(line -> line.substring(line.lastIndexOf('\r') + 1))
        .filter(line -> !line.isBlank())
        .toList();
  }

  private static void await(StringWriter err, String pattern) {
    Pattern wanted = Pattern.compile(pattern);
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(err.toString()).containsPattern(wanted));
  }

  /** Counts an image, waits to be told to, and fails the first time. */
  private static final class Waiting extends RichMapFunction<Long, Long> {
    private static final long serialVersionUID = 1L;
    private transient Counter in;

    @Override
    public void open(OpenContext context) {
      in =
          getRuntimeContext()
              .getMetricGroup()
              .addGroup(EmbedMetrics.GROUP)
              .counter(EmbedMetrics.IMAGES_IN);
    }

    @Override
    public Long map(Long value) throws InterruptedException {
      in.inc();
      if (getRuntimeContext().getTaskInfo().getAttemptNumber() == 0) {
        FAIL.await();
        throw new IllegalStateException("it was told to");
      }
      END.await();
      return value;
    }
  }
}
