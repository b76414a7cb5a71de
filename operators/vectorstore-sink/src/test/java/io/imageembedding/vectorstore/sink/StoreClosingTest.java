// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.testkit.MemoryStore;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.WriteResult;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.operators.sink.SinkWriterOperatorFactory;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StoreClosingTest {

  private static Change change(Integer n) {
    return TestingVectors.stored("id-" + n, new float[] {n + 1, 1}, Version.at(n));
  }

  static Stream<Throwable> whatClosingThrows() {
    return Stream.of(
        new StoreException("the disk is full"),
        new IllegalStateException("two\nlines"),
        new NoClassDefFoundError("closed"),
        new StackOverflowError());
  }

  @ParameterizedTest
  @MethodSource("whatClosingThrows")
  void nothingThatClosingThrowsLeavesTheSink(Throwable failure) throws Exception {
    MemoryStore store = MemoryStore.named("closing-sink");
    store.breakClosing(failure);
    OneInputStreamOperatorTestHarness<Integer, ?> harness =
        new OneInputStreamOperatorTestHarness<>(
            new SinkWriterOperatorFactory<>(
                VectorStoreSink.builder(store.address(), StoreClosingTest::change).build()));
    harness.open();
    harness.processElement(1, 1);
    harness.prepareSnapshotPreBarrier(1);
    assertThat(store.committed()).containsKey("id-1");

    assertThatCode(harness::close).doesNotThrowAnyException();
    assertThat(store.closings()).isPositive();
  }

  @ParameterizedTest
  @MethodSource("whatClosingThrows")
  void nothingThatClosingThrowsLeavesTheOperator(Throwable failure) throws Exception {
    MemoryStore store = MemoryStore.named("closing-operator");
    store.breakClosing(failure);
    int before = store.closings();
    StoreOperator<Integer> operator =
        new StoreOperator<>(StoreTarget.of(store.address()), StoreClosingTest::change, false);
    var harness = new OneInputStreamOperatorTestHarness<>((OneInputStreamOperator<?, ?>) operator);
    harness.open();

    assertThatCode(harness::close).doesNotThrowAnyException();
    assertThat(store.closings()).isGreaterThan(before);
  }

  @Test
  void anOperatorWhoseStoreDoesNotOpenFailsByThatAndCloses() throws Exception {
    StoreOperator<Integer> operator =
        new StoreOperator<>(
            StoreTarget.of("lucene:/proc/nowhere").retrying(RetryPolicy.NONE),
            StoreClosingTest::change,
            false);
    var harness = new OneInputStreamOperatorTestHarness<>((OneInputStreamOperator<?, ?>) operator);

    assertThatThrownBy(harness::open).hasStackTraceContaining("lucene:/proc/nowhere");
    assertThatCode(operator::close).doesNotThrowAnyException();
  }

  @Test
  void aClosedStoreStaysClosed(TestInfo test) {
    MemoryStore behind = MemoryStore.named(test.getTestMethod().orElseThrow().getName());
    String address = behind.address();
    VectorStore store = VectorStore.open(address, OpenMode.write(0));
    store.close();

    for (Runnable call :
        List.<Runnable>of(
            () -> store.write(List.of(change(1))),
            store::commit,
            store::optimize,
            store::describe,
            () -> store.get("id-1"),
            () -> store.newest(1),
            () -> store.scan(null, 1),
            () -> store.search(new float[] {1, 1}, 1, Filter.NONE))) {
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(call::run)
          .withMessage(address + " is closed");
    }
    assertThat(behind.written()).isEmpty();
  }

  @Test
  void closingEndsTheWaitForWhatCanPass(TestInfo test) {
    MemoryStore behind = MemoryStore.named(test.getTestMethod().orElseThrow().getName());
    String address = behind.address();
    behind.failWrites(1000);
    Duration forEver = Duration.ofHours(1);
    VectorStore store =
        VectorStore.open(
            address, OpenMode.write(0).retrying(new RetryPolicy(forEver, forEver, forEver)));
    CompletableFuture<WriteResult> written =
        CompletableFuture.supplyAsync(() -> store.write(List.of(change(1))));
    Awaitility.await().until(() -> behind.failuresLeft() < 1000);
    store.close();

    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> written.get(30, TimeUnit.SECONDS))
        .withStackTraceContaining("not now");
    assertThat(behind.failuresLeft()).isEqualTo(999);
    assertThat(behind.written()).isEmpty();
  }
}
