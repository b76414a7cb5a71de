// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.flink.streaming.runtime.tasks.ExceptionInChainedOperatorException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.junit.jupiter.api.Test;

class TaskFailureExceptionTest {
  @Test
  void theCauseIsTheFirstThatFlinkShows() {
    Exception failure =
        TaskFailureException.of(
            new ExceptionInChainedOperatorException(
                new IOException("failed", new RecordTooLargeException("5000 bytes"))));

    assertThat(failure)
        .hasMessage("a message is larger than its topic takes (max.message.bytes): 5000 bytes")
        .hasRootCauseInstanceOf(RecordTooLargeException.class);
    assertThat(TaskFailureException.of(failure)).isSameAs(failure);
  }

  @Test
  void whatOnlyEndsATaskOrAJobIsStillThat() {
    Exception cancelled = new CancelTaskException("cancelled");
    Exception interrupted = new RuntimeException(new InterruptedException());
    assertThat(TaskFailureException.of(cancelled)).isSameAs(cancelled);
    assertThat(TaskFailureException.of(interrupted)).isSameAs(interrupted);

    Exception forGood =
        TaskFailureException.of(
            new ExceptionInChainedOperatorException(
                new SuppressRestartsException(new IOException("lost"))));
    assertThat(
            ThrowableClassifier.findThrowableOfThrowableType(
                forGood, ThrowableType.NonRecoverableError))
        .isPresent();
  }
}
