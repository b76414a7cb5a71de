// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.TestingModel;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import java.time.Duration;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.factories.ModelProviderFactory;
import org.apache.flink.table.ml.ModelProvider;

/** Models of {@link TestingModel} as models of statements: {@code 'provider' = 'testing'}. */
public final class TestingModelFactory implements ModelProviderFactory {
  private static final ConfigOption<Boolean> BROKEN =
      key("broken").booleanType().defaultValue(false);

  /** A plan of batches that wait for ten seconds to be full. */
  static EmbeddingPlan plan(boolean broken, int batch) {
    try (TestingModel described = TestingModel.in(Precision.FP32)) {
      ModelSource source = new TestingModel.Behaviour(7, -1, -1, broken);
      return new EmbeddingPlan(
          source,
          described.descriptor(),
          EmbedSettings.ofBatches(batch),
          new BatchPolicy(batch, 1 << 20, Duration.ofSeconds(10)));
    }
  }

  @Override
  public ModelProvider createModelProvider(Context context) {
    boolean broken =
        Boolean.parseBoolean(
            context.getCatalogModel().getOptions().getOrDefault(BROKEN.key(), "false"));
    return new EmbeddingModelProvider(
        plan(broken, 4),
        OutputColumn.of(context.getCatalogModel().getResolvedOutputSchema()),
        10,
        Duration.ofMinutes(3));
  }

  @Override
  public String factoryIdentifier() {
    return "testing";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(BROKEN);
  }
}
