// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.model.FeatureVectorModel;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.config.ExecutionConfigOptions;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedCatalogModel;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.ModelProviderFactory;
import org.apache.flink.table.ml.ModelProvider;
import org.apache.flink.table.types.logical.LogicalType;

/**
 * The provider of {@code CREATE MODEL … WITH ('provider' = 'image-embedding')}, whose options are
 * those of {@link io.imageembedding.flink.EmbedOptions} without {@code image-embedding.}. INPUT is
 * one column of bytes, an encoded image; OUTPUT has any of the columns of {@link OutputColumn}.
 *
 * <p>{@code CREATE MODEL} itself checks nothing. A statement that uses the model has its options,
 * its columns and the model itself checked when it is planned, and the model is loaded for that.
 */
@Internal
public final class EmbeddingModelFactory implements ModelProviderFactory {

  /** Value of {@code provider}. */
  public static final String IDENTIFIER = "image-embedding";

  @Override
  public String factoryIdentifier() {
    return IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return SqlOptions.ofEmbedding();
  }

  @Override
  public ModelProvider createModelProvider(Context context) {
    FactoryUtil.createModelProviderFactoryHelper(this, context).validate();
    ResolvedCatalogModel model = context.getCatalogModel();
    requireImage(model.getResolvedInputSchema().getColumns());
    List<OutputColumn> columns = OutputColumn.of(model.getResolvedOutputSchema());
    Map<String, String> options = new TreeMap<>(model.getOptions());
    options.remove(FactoryUtil.PROVIDER.key());
    EmbeddingPlan plan = SqlOptions.checked(() -> EmbeddingPlan.of(options));
    if (columns.contains(OutputColumn.SCORES) && !isClassifier(plan)) {
      throw new ValidationException(
          "OUTPUT column 'scores': model "
              + plan.built().name()
              + " is no classifier, and gives none");
    }
    return new EmbeddingModelProvider(
        plan,
        columns,
        context
            .getConfiguration()
            .get(ExecutionConfigOptions.TABLE_EXEC_ASYNC_ML_PREDICT_MAX_CONCURRENT_OPERATIONS),
        context.getConfiguration().get(ExecutionConfigOptions.TABLE_EXEC_ASYNC_ML_PREDICT_TIMEOUT));
  }

  private static void requireImage(List<Column> input) {
    if (input.size() != 1 || !OutputColumn.isBytes(type(input))) {
      throw new ValidationException(
          "INPUT is ("
              + String.join(", ", input.stream().map(Column::asSummaryString).toList())
              + "); allowed: one column of type BYTES, the encoded image");
    }
  }

  private static LogicalType type(List<Column> input) {
    return input.get(0).getDataType().getLogicalType();
  }

  private static boolean isClassifier(EmbeddingPlan plan) {
    return SqlOptions.checked(
        () -> {
          try (FeatureVectorModel loaded = plan.model().load()) {
            return loaded.classes().isPresent();
          }
        });
  }
}
