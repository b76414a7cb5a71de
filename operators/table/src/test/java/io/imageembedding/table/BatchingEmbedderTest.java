// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.embed.TestingImages;
import io.imageembedding.embed.TestingModel;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.flink.EmbedMetrics;
import io.imageembedding.model.ModelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatchingEmbedderTest {
  private BatchingEmbedder embedder;

  @AfterEach
  void nothingStaysOpen() {
    if (embedder != null) {
      embedder.close();
    }
    assertThat(TestingModel.OPEN).hasValue(0);
  }

  @Test
  void aBatchIsClosedByCountLongBeforeItIsOld() throws Exception {
    start(TestingModelFactory.plan(false, 4));

    List<CompletableFuture<Outcome>> answers = embed(1, 2, 3, 4);

    // The model answers with {level, 1}.
    for (int i = 0; i < 4; i++) {
      assertThat(embedding(answers.get(i)).vector()).containsExactly(i + 1, 1);
    }
  }

  @Test
  void aBatchThatIsNotFullIsClosedByItsAge() throws Exception {
    start(with(new BatchPolicy(100, 1 << 20, Duration.ofMillis(20))));

    assertThat(embedding(embed(5).get(0)).vector()).containsExactly(5, 1);
  }

  @Test
  void aBatchIsClosedByBytes() throws Exception {
    long two = 2L * TestingImages.solid(1).length + 10;
    start(with(new BatchPolicy(100, two, Duration.ofSeconds(60))));

    List<CompletableFuture<Outcome>> answers = embed(1, 2, 3, 4, 5);

    for (CompletableFuture<Outcome> answer : answers.subList(0, 4)) {
      embedding(answer);
    }
    assertThat(answers.get(4)).isNotDone();
  }

  @Test
  void withALatencyBudgetNothingWaitsForCompany() throws Exception {
    start(with(new BatchPolicy(100, 1 << 20, Duration.ofHours(1), Duration.ofSeconds(1))));

    for (int i = 1; i < 20; i++) {
      assertThat(embedding(embed(i == 7 ? 8 : i).get(0)).vector()).hasSize(2);
    }
  }

  @Test
  void anImageThatTheModelFailsOnIsRefusedAlone() throws Exception {
    start(TestingModelFactory.plan(false, 4));

    List<CompletableFuture<Outcome>> answers = embed(6, 7, 8, 9);

    assertThat(answers.get(1).get(1, TimeUnit.MINUTES))
        .isInstanceOfSatisfying(
            Refusal.class, refusal -> assertThat(refusal.code()).isEqualTo(Refusal.MODEL_FAILED));
    assertThat(embedding(answers.get(2)).vector()).containsExactly(8, 1);
  }

  @Test
  void aModelThatNoLongerRunsFailsWhatWaitsAndWhatComesLater() {
    start(TestingModelFactory.plan(true, 2));

    List<CompletableFuture<Outcome>> answers = new ArrayList<>(embed(1, 2, 3));
    await().until(() -> answers.get(2).isDone());
    answers.addAll(embed(4));

    assertThat(answers)
        .allSatisfy(
            answer ->
                assertThatThrownBy(() -> answer.get(1, TimeUnit.MINUTES))
                    .hasRootCauseInstanceOf(ModelException.class)
                    .hasRootCauseMessage("out of memory"));
    await().until(() -> TestingModel.OPEN.get() == 1);
  }

  @Test
  void closingDoesNotWaitForABatchThatIsNotFull() {
    start(with(new BatchPolicy(100, 1 << 20, Duration.ofHours(1))));
    CompletableFuture<Outcome> answer = embed(1).get(0);

    embedder.close();

    assertThat(TestingModel.OPEN).hasValue(0);
    assertThat(answer).isNotDone();
  }

  private static EmbeddingPlan with(BatchPolicy policy) {
    EmbeddingPlan plan = TestingModelFactory.plan(false, policy.maxCount());
    return new EmbeddingPlan(plan.model(), plan.built(), plan.settings(), policy);
  }

  private void start(EmbeddingPlan plan) {
    embedder =
        BatchingEmbedder.start(
            plan,
            new EmbedMetrics(UnregisteredMetricsGroup.createOperatorMetricGroup(), List.of()),
            "batching");
  }

  private List<CompletableFuture<Outcome>> embed(int... levels) {
    List<CompletableFuture<Outcome>> answers = new ArrayList<>();
    for (int level : levels) {
      CompletableFuture<Outcome> answer = new CompletableFuture<>();
      embedder.embed(TestingImages.solid(level), answer::complete, answer::completeExceptionally);
      answers.add(answer);
    }
    return answers;
  }

  private static Embedding embedding(CompletableFuture<Outcome> answer) throws Exception {
    return (Embedding) answer.get(1, TimeUnit.MINUTES);
  }
}
