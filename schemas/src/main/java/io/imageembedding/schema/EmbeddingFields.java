// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The fields of an {@link EmbeddingRecord}, with the vector as an array.
 *
 * @param capturedAt null where it is not known
 * @param scores the likeliest classes, best first; null where the model is no classifier
 */
public record EmbeddingFields(
    String id,
    float[] embedding,
    Model model,
    String vectorSpace,
    Image image,
    Source source,
    Instant capturedAt,
    Map<String, String> attributes,
    List<ClassScore> scores) {}
