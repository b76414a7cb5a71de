// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import java.util.Set;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.ModuleFactory;
import org.apache.flink.table.module.Module;

/**
 * The functions of {@code LOAD MODULE `image-embedding` WITH ('model' = …)}. Options are those of
 * models in statements but for those of batches: a function sees one image at a time.
 */
@Internal
public final class EmbeddingModuleFactory implements ModuleFactory {

  @Override
  public String factoryIdentifier() {
    return EmbeddingModelFactory.IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return SqlOptions.ofEmbeddingOneByOne();
  }

  @Override
  public Module createModule(Context context) {
    FactoryUtil.createModuleFactoryHelper(this, context).validate();
    return SqlOptions.checked(() -> new EmbeddingModule(context.getOptions()));
  }
}
