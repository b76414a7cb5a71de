// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.sink;

import io.imageembedding.types.RecordTypeInformation;
import io.imageembedding.vectorstore.RefusedChange;
import java.util.Optional;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * An element, and whether the store has its change.
 *
 * @param element as it came
 * @param refused why the store does not take it; empty where it has it, or had something newer
 */
@PublicEvolving
public record Stored<T>(T element, Optional<RefusedChange> refused) {

  /** Type information for such elements. */
  public static <T> TypeInformation<Stored<T>> typeInformation(TypeInformation<T> element) {
    return new RecordTypeInformation<>(Stored.class, StoredSerializer::ofNested, element);
  }
}
