// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.ModelSource;
import java.util.Optional;
import org.apache.flink.annotation.Internal;

/**
 * What embeds the images that are searched for.
 *
 * @param preprocessing how they are decoded; empty: as those of the store were
 * @param limits that they must respect
 */
@Internal
public record QueryModel(
    ModelSource model, Optional<Preprocessing> preprocessing, DecodeLimits limits) {

  /** The model, everything else as it is by default. */
  public static QueryModel of(ModelSource model) {
    return new QueryModel(model, Optional.empty(), DecodeLimits.DEFAULT);
  }
}
