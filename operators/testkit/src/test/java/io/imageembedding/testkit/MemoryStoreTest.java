// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MemoryStoreTest extends VectorStoreContract {
  private final MemoryStore store = MemoryStore.named("t" + Long.toString(System.nanoTime(), 36));

  @Override
  protected String address() {
    return store.address();
  }

  @Test
  void whatIsCommittedIsSeenByTheTestAndWhatIsNotIsNot() {
    try (VectorStore writer = writer()) {
      writer.upsert(
          List.of(stored("a", next(), Version.at(1)), stored("b", next(), Version.at(1))));
      assertThat(store.vectors()).isEmpty();
      assertThat(store.written()).containsOnlyKeys("a", "b");
      writer.commit();
    }
    assertThat(store.vectors()).containsOnlyKeys("a", "b");
    assertThat(store.batches()).containsExactly(2);
    assertThat(store.closings()).isEqualTo(1);
  }

  @Test
  void failuresThatPassAreSoManyAndOthersStayUntilTheyAreMended() {
    store.failWrites(2);
    try (VectorStore writer = writer()) {
      for (int left = 1; left >= 0; left--) {
        assertThatExceptionOfType(StoreException.class)
            .isThrownBy(() -> writer.upsert(List.of(stored("a", next(), Version.at(1)))))
            .matches(StoreException::canPass);
        assertThat(store.failuresLeft()).isEqualTo(left);
      }
      store.breakWrites(new StoreException("the disk is full"));
      assertThatExceptionOfType(StoreException.class)
          .isThrownBy(() -> writer.upsert(List.of(stored("a", next(), Version.at(1)))))
          .withMessage("the disk is full");
      store.breakWrites(null);
      assertThat(writer.upsert(List.of(stored("a", next(), Version.at(1)))).written()).isEqualTo(1);
    }
  }

  @Test
  void writesWaitWhileTheyArePaused() throws Exception {
    store.pauseWrites();
    try (VectorStore writer =
        VectorStore.open(address(), OpenMode.write(0).retrying(RetryPolicy.NONE))) {
      CompletableFuture<?> written =
          CompletableFuture.runAsync(
              () -> writer.upsert(List.of(stored("a", next(), Version.at(1)))));
      assertThat(store.written()).isEmpty();
      store.resumeWrites();
      written.get(1, TimeUnit.MINUTES);
    }
    assertThat(store.vectors()).containsOnlyKeys("a");
  }
}
