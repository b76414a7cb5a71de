// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.types;

import java.io.Serializable;
import java.util.List;
import java.util.function.Function;
import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/**
 * Type information of a value that has a {@link RecordSerializer}: neither a key nor a tuple, one
 * opaque field. Two are equal if the value's class and the types of its elements are.
 *
 * @param <T> the value
 */
@Internal
public final class RecordTypeInformation<T> extends TypeInformation<T> {
  private static final long serialVersionUID = 1L;

  /** Makes the value's serializer from those of its elements. */
  @FunctionalInterface
  public interface SerializerFactory<T>
      extends Function<TypeSerializer<?>[], RecordSerializer<T>>, Serializable {}

  private final Class<T> typeClass;
  private final List<TypeInformation<?>> nested;
  private final SerializerFactory<T> serializer;

  /**
   * @param typeClass the value's class, raw where it is generic
   * @param serializer makes the serializer from those of the nested types
   * @param nested types of the elements that a value carries
   */
  @SuppressWarnings("unchecked")
  public RecordTypeInformation(
      Class<? super T> typeClass, SerializerFactory<T> serializer, TypeInformation<?>... nested) {
    this.typeClass = (Class<T>) typeClass;
    this.serializer = serializer;
    this.nested = List.of(nested);
  }

  @Override
  public boolean isBasicType() {
    return false;
  }

  @Override
  public boolean isTupleType() {
    return false;
  }

  @Override
  public int getArity() {
    return 1;
  }

  @Override
  public int getTotalFields() {
    return 1;
  }

  @Override
  public Class<T> getTypeClass() {
    return typeClass;
  }

  @Override
  public boolean isKeyType() {
    return false;
  }

  @Override
  public TypeSerializer<T> createSerializer(SerializerConfig config) {
    return serializer.apply(
        nested.stream()
            .map(type -> type.createSerializer(config))
            .toArray(TypeSerializer<?>[]::new));
  }

  @Override
  public String toString() {
    return typeClass.getSimpleName() + (nested.isEmpty() ? "" : nested.toString());
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof RecordTypeInformation<?>;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RecordTypeInformation<?> that
        && that.typeClass == typeClass
        && that.nested.equals(nested);
  }

  @Override
  public int hashCode() {
    return 31 * typeClass.hashCode() + nested.hashCode();
  }
}
