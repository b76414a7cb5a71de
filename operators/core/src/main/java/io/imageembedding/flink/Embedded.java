// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.types.RecordTypeInformation;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * An element of the stream with its answer.
 *
 * @param element as it came
 * @param outcome an {@link Embedding} or a {@link Refusal}
 * @param <T> the element
 */
@PublicEvolving
public record Embedded<T>(T element, Outcome outcome) {

  /** Type information of answered elements. */
  public static <T> TypeInformation<Embedded<T>> typeInformation(TypeInformation<T> element) {
    return new RecordTypeInformation<>(Embedded.class, EmbeddedSerializer::ofNested, element);
  }
}
