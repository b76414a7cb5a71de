// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.image.DecodeLimits;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.functions.FunctionDefinition;
import org.apache.flink.table.module.Module;
import org.jspecify.annotations.Nullable;

/** Functions by name. The model is loaded for the first statement that embeds. */
final class EmbeddingModule implements Module {
  private static final String EMBED_IMAGE = "EMBED_IMAGE";
  private static final String IMAGE_INFO = "IMAGE_INFO";
  private static final String COSINE_SIMILARITY = "COSINE_SIMILARITY";

  private final Map<String, String> options;
  private @Nullable EmbeddingPlan plan;

  /**
   * @throws io.imageembedding.flink.InvalidOptionException if an option cannot be used
   */
  EmbeddingModule(Map<String, String> options) {
    this.options = Map.copyOf(options);
    EmbeddingPlan.check(SqlOptions.configuration(options));
  }

  @Override
  public Set<String> listFunctions() {
    return Set.of(EMBED_IMAGE, IMAGE_INFO, COSINE_SIMILARITY);
  }

  @Override
  public Optional<FunctionDefinition> getFunctionDefinition(String name) {
    return switch (name.toUpperCase(Locale.ROOT)) {
      case EMBED_IMAGE -> Optional.of(new EmbedImageFunction(plan()));
      case IMAGE_INFO -> Optional.of(new ImageInfoFunction(limits()));
      case COSINE_SIMILARITY -> Optional.of(new CosineSimilarityFunction());
      default -> Optional.empty();
    };
  }

  private synchronized EmbeddingPlan plan() {
    if (plan == null) {
      plan = SqlOptions.checked(() -> EmbeddingPlan.of(options)).withBatchesUpTo(1);
    }
    return plan;
  }

  private DecodeLimits limits() {
    Configuration configuration = SqlOptions.configuration(options);
    return EmbedOptions.decodeLimits(configuration);
  }
}
