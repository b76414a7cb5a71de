// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.time.Instant;
import java.util.Map;

/**
 * What an {@link ImageRecord} says beside its image.
 *
 * @param id not empty, without control characters
 * @param capturedAt when the image was taken; null where it is not known
 * @param attributes of the producer
 */
@PublicEvolving
public record ImageFields(String id, Instant capturedAt, Map<String, String> attributes) {

  public ImageFields {
    requireNonNull(id, "id");
    requireNonNull(attributes, "attributes");
  }
}
