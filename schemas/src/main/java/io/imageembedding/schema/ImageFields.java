// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link ImageRecord} says beside its image.
 *
 * @param id not empty, without control characters
 * @param capturedAt when the image was taken; null where it is not known
 * @param attributes of the producer
 */
@NullMarked
@PublicEvolving
public record ImageFields(String id, @Nullable Instant capturedAt, Map<String, String> attributes) {

  public ImageFields {
    requireNonNull(id, "id");
    requireNonNull(attributes, "attributes");
  }
}
