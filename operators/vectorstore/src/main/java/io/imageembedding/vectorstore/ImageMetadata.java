// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.embedding.ImageInfo;
import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is kept beside a vector about the image that it was made of.
 *
 * @param info what the image was
 * @param uri where the image can be read; null where nobody said
 * @param capturedAt when it was taken, in milliseconds since 1970-01-01 UTC; null where unknown
 * @param attributes whatever the producer wants to find again, unmodifiable, ordered by key
 */
@PublicEvolving
public record ImageMetadata(
    ImageInfo info, @Nullable String uri, @Nullable Long capturedAt, Map<String, String> attributes)
    implements Serializable {

  public ImageMetadata {
    requireNonNull(info, "info");
    attributes = Collections.unmodifiableSortedMap(new TreeMap<>(attributes));
  }
}
