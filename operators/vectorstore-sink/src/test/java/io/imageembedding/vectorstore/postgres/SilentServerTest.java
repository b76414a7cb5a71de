// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.postgres;

import static io.imageembedding.vectorstore.TestingVectors.stored;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.TestingSilence;
import io.imageembedding.vectorstore.TestingVectors;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.sink.VectorStoreStage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that accepts and does not answer: whoever waits for it can be stopped at any time. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SilentServerTest {

  /** Shorter than any limit on the server's answers, and long enough for a busy machine. */
  private static final Duration SOON = Duration.ofSeconds(8);

  private static TestingPostgres server;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final TestingVectors vectors = new TestingVectors(16, 21);
  private final String table = "t" + Long.toString(System.nanoTime(), 36);

  @BeforeAll
  static void startServer() throws Exception {
    server = TestingPostgres.start();
  }

  @AfterAll
  static void stopServer() throws Exception {
    server.close();
  }

  @AfterEach
  void stopThreads() {
    threads.shutdownNow();
  }

  private String at(TestingSilence silence) {
    return "postgresql://test@127.0.0.1:" + silence.port() + "/postgres?table=" + table;
  }

  private static VectorStore open(String address) {
    return VectorStore.open(address, OpenMode.write(0).retrying(RetryPolicy.NONE));
  }

  private StoredVector vector(String id) {
    return stored(id, vectors.next(), Version.at(1));
  }

  @Test
  void aLoginHasALimitFromTheFirstByteOn() throws Exception {
    // Nothing at all; no to TLS and nothing more; yes to TLS and nothing more.
    List<TestingSilence> silences = new ArrayList<>();
    List<Future<VectorStore>> opened = new ArrayList<>();
    try {
      for (String first : List.of("", "N", "S")) {
        TestingSilence silence = TestingSilence.after(first);
        silences.add(silence);
        opened.add(threads.submit(() -> open(at(silence))));
      }
      for (int i = 0; i < opened.size(); i++) {
        Future<VectorStore> one = opened.get(i);
        TestingSilence silence = silences.get(i);
        assertThatExceptionOfType(ExecutionException.class)
            .isThrownBy(() -> one.get(60, TimeUnit.SECONDS))
            .havingCause()
            .isInstanceOf(StoreException.class)
            .withMessageStartingWith(at(silence) + ": ")
            .matches(e -> ((StoreException) e).canPass());
        Awaitility.await().atMost(SOON).until(() -> silence.open() == 0);
      }
    } finally {
      for (TestingSilence silence : silences) {
        silence.close();
      }
    }
  }

  @Test
  void anInterruptEndsALoginAndItsConnection() throws Exception {
    try (TestingSilence silence = TestingSilence.after("N")) {
      Future<VectorStore> opened = threads.submit(() -> open(at(silence)));
      Awaitility.await().until(() -> silence.accepted() > 0);
      threads.shutdownNow();
      assertThat(threads.awaitTermination(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(opened.isDone()).isTrue();
      Awaitility.await().atMost(SOON).until(() -> silence.open() == 0);
    }
  }

  @Test
  void anInterruptEndsAWriteAndTheStoreGoesOnAfterwards() throws Exception {
    try (TestingSilence silence = TestingSilence.before(server.port());
        VectorStore store = open(at(silence))) {
      store.upsert(List.of(vector("before")));
      silence.silent = true;
      Future<?> writing = threads.submit(() -> store.upsert(List.of(vector("never"))));
      Awaitility.await().pollDelay(Duration.ofMillis(300)).until(() -> !writing.isDone());
      threads.shutdownNow();
      assertThat(threads.awaitTermination(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(writing::get)
          .withStackTraceContaining("interrupted while waiting for the server");

      silence.silent = false;
      assertThat(store.upsert(List.of(vector("after"))).written()).isEqualTo(1);
      assertThat(store.get("never")).isEmpty();
    }
  }

  @Test
  void closingEndsAWriteAndTheLoginThatItWaitsFor() throws Exception {
    try (TestingSilence silence = TestingSilence.before(server.port())) {
      VectorStore store =
          VectorStore.open(
              at(silence),
              OpenMode.write(0)
                  .retrying(
                      new RetryPolicy(
                          Duration.ofMillis(50), Duration.ofMillis(50), Duration.ofMinutes(2))));
      store.upsert(List.of(vector("before")));
      int connections = silence.accepted();
      silence.silent = true;
      silence.cut();
      Future<?> writing = threads.submit(() -> store.upsert(List.of(vector("after-close"))));
      Awaitility.await().until(() -> silence.accepted() > connections);

      store.close();

      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(() -> writing.get(SOON.toSeconds(), TimeUnit.SECONDS))
          .withStackTraceContaining("is closed");
      silence.silent = false;
      Awaitility.await().atMost(SOON).until(() -> silence.open() == 0);
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> store.upsert(List.of(vector("after-close"))))
          .withMessageContaining("is closed");
      try (VectorStore reader = open(server.address() + "?table=" + table)) {
        assertThat(reader.get("before")).isPresent();
        assertThat(reader.get("after-close")).isEmpty();
      }
    }
  }

  @Test
  void aJobThatWaitsForItIsCancelledAtOnce() throws Exception {
    try (TestingSilence silence = TestingSilence.after("")) {
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
      env.setParallelism(1);
      DataStream<Long> numbers = env.fromSequence(1, 10);
      VectorStoreStage.to(
              at(silence), (Long n) -> stored("id-" + n, new float[] {n, 1}, Version.at(n)))
          .store(numbers)
          .sinkTo(new DiscardingSink<>());
      JobClient job = env.executeAsync();
      Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> silence.accepted() > 0);
      CompletableFuture<?> result = job.getJobExecutionResult();
      job.cancel().get(1, TimeUnit.MINUTES);
      Awaitility.await().atMost(SOON).until(result::isDone);
      Awaitility.await().atMost(SOON).until(() -> silence.open() == 0);
    }
  }
}
