// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import static org.apache.flink.table.api.config.MLPredictRuntimeConfigOptions.ASYNC;
import static org.apache.flink.table.api.config.MLPredictRuntimeConfigOptions.ASYNC_MAX_CONCURRENT_OPERATIONS;
import static org.apache.flink.table.api.config.MLPredictRuntimeConfigOptions.ASYNC_OUTPUT_MODE;
import static org.apache.flink.table.api.config.MLPredictRuntimeConfigOptions.ASYNC_TIMEOUT;

import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.Options;
import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.ml.AsyncPredictRuntimeProvider;
import org.apache.flink.table.ml.ModelProvider;

/**
 * Makes the function of an {@code ML_PREDICT}. Half of the rows that may be in flight make the
 * largest batch, so that the other half comes in while it runs.
 *
 * @param concurrent rows in flight, where the statement's MAP does not say it
 * @param timeout of a row, where the statement's MAP does not say it
 */
record EmbeddingModelProvider(
    EmbeddingPlan plan, List<OutputColumn> columns, int concurrent, Duration timeout)
    implements AsyncPredictRuntimeProvider {
  private static final int MOST_CONCURRENT = 10_000;

  @Override
  public AsyncPredictFunction createAsyncPredictFunction(Context context) {
    return SqlOptions.checked(() -> create(context.runtimeConfig()));
  }

  private AsyncPredictFunction create(ReadableConfig config) {
    SqlOptions.requireKnown(
        "ML_PREDICT",
        config,
        ASYNC,
        ASYNC_OUTPUT_MODE,
        ASYNC_MAX_CONCURRENT_OPERATIONS,
        ASYNC_TIMEOUT);
    Integer wanted =
        Options.optional(
            config,
            ASYNC_MAX_CONCURRENT_OPERATIONS,
            EmbeddingModelProvider::isAllowed,
            "a whole number from 1 to " + MOST_CONCURRENT);
    int most = wanted == null ? concurrent : wanted;
    if (!isAllowed(most)) {
      throw new InvalidOptionException(
          "table.exec.async-ml-predict.max-concurrent-operations",
          String.valueOf(most),
          "a whole number from 1 to " + MOST_CONCURRENT);
    }
    Duration given =
        Options.optional(config, ASYNC_TIMEOUT, time -> time.toMillis() >= 1, "a duration");
    requireEnough(given == null ? timeout : given, most);
    return new EmbedPredictFunction(plan.withBatchesUpTo((most + 1) / 2), columns);
  }

  private static boolean isAllowed(int most) {
    return most >= 1 && most <= MOST_CONCURRENT;
  }

  /** A row that is over its time fails the query, and would do so again after each restart. */
  private void requireEnough(Duration time, int most) {
    Duration each = plan.settings().limits().maxTime();
    Duration longest = each.multipliedBy(most);
    if (time.compareTo(longest) < 0) {
      throw new InvalidOptionException(
          "timeout: '"
              + time.toMillis()
              + " ms' is too short for "
              + most
              + " rows in flight (max-concurrent-operations), of which each may take"
              + " image.max-time, "
              + each.toMillis()
              + " ms; allowed: at least "
              + longest.toMillis()
              + " ms, or fewer rows, or a shorter image.max-time");
    }
  }

  @Override
  public ModelProvider copy() {
    return this;
  }
}
