// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.vectorstore.Filter;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.MapType;

/**
 * A column of a store's table.
 *
 * @param kind what of a stored vector it is
 * @param name as the statement has it; the key of an attribute
 */
record StoreColumn(Kind kind, String name) implements Serializable {

  /** What of a stored vector a column is. */
  enum Kind {
    /** The primary key. */
    ID("the primary key, STRING", type -> false),
    /** The vector. */
    EMBEDDING("one column ARRAY<FLOAT>, the vector", OutputColumn::isFloats),
    /** Where the image can be read. */
    URI("uri STRING", OutputColumn::isText),
    /** Of the image's encoding. */
    FORMAT("format STRING", OutputColumn::isText),
    /** Of the image, in pixels. */
    WIDTH("width INT", OutputColumn::isInt),
    /** Of the image, in pixels. */
    HEIGHT("height INT", OutputColumn::isInt),
    /** When it was taken. */
    CAPTURED_AT("captured_at TIMESTAMP_LTZ(3)", Kind::isInstant),
    /** What made the vector. */
    VECTOR_SPACE("vector_space STRING", OutputColumn::isText),
    /** All attributes that have no column of their own. */
    ATTRIBUTES("attributes MAP<STRING, STRING>", Kind::isTexts),
    /** One attribute. */
    ATTRIBUTE("any other name STRING, an attribute", OutputColumn::isText),
    /** When the vector was changed last, as decides which change is the newest; of metadata. */
    TIMESTAMP("timestamp TIMESTAMP_LTZ(3)", Kind::isInstant);

    private final String form;
    private final Predicate<LogicalType> fits;

    Kind(String form, Predicate<LogicalType> fits) {
      this.form = form;
      this.fits = fits;
    }

    private static boolean isInstant(LogicalType type) {
      return type.is(LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE);
    }

    private static boolean isTexts(LogicalType type) {
      return type instanceof MapType map
          && OutputColumn.isText(map.getKeyType())
          && OutputColumn.isText(map.getValueType());
    }

    private static Optional<Kind> named(String name) {
      return Stream.of(URI, FORMAT, WIDTH, HEIGHT, CAPTURED_AT, VECTOR_SPACE, ATTRIBUTES)
          .filter(kind -> kind.name().toLowerCase(Locale.ROOT).equals(name))
          .findFirst();
    }

    private static String allowed() {
      return String.join(
          "; ",
          Stream.of(values()).filter(kind -> kind != TIMESTAMP).map(kind -> kind.form).toList());
    }
  }

  /**
   * The physical columns of a table, in its order.
   *
   * @throws ValidationException if one cannot be of a store, or there is no key or no vector
   */
  static List<StoreColumn> of(ResolvedSchema schema) {
    String key =
        schema
            .getPrimaryKey()
            .map(declared -> declared.getColumns())
            .filter(columns -> columns.size() == 1)
            .map(columns -> columns.get(0))
            .orElseThrow(
                () ->
                    new ValidationException(
                        "a table of a store needs PRIMARY KEY (COLUMN) NOT ENFORCED, the id"));
    List<StoreColumn> columns = new ArrayList<>();
    for (Column column : schema.getColumns()) {
      if (column.isPhysical()) {
        columns.add(of(column, key));
      }
    }
    long vectors = columns.stream().filter(column -> column.kind == Kind.EMBEDDING).count();
    if (vectors != 1) {
      throw new ValidationException(
          "a table of a store has "
              + vectors
              + " columns of type ARRAY<FLOAT>; allowed: "
              + Kind.allowed());
    }
    return columns;
  }

  private static StoreColumn of(Column column, String key) {
    LogicalType type = column.getDataType().getLogicalType();
    String name = column.getName();
    Kind kind;
    if (name.equals(key)) {
      kind = OutputColumn.isText(type) ? Kind.ID : null;
    } else if (OutputColumn.isFloats(type)) {
      kind = Kind.EMBEDDING;
    } else {
      kind = Kind.named(name).orElse(Kind.ATTRIBUTE);
    }
    if (kind == null || kind != Kind.ID && !kind.fits.test(type)) {
      throw new ValidationException(
          "column '"
              + name
              + "' is "
              + type.asSerializableString()
              + "; allowed: "
              + Kind.allowed());
    }
    if (!type.isNullable() && kind != Kind.ID && kind != Kind.EMBEDDING) {
      throw new ValidationException(
          "column '" + name + "' is NOT NULL, and a store may have none; allowed: " + kind.form);
    }
    return new StoreColumn(kind, name);
  }

  /** The key that a search can be filtered by, if it can be by this column. */
  Optional<String> filterKey() {
    return switch (kind) {
      case URI -> Optional.of(Filter.URI);
      case FORMAT -> Optional.of(Filter.FORMAT);
      // A name of the store's own means something else to it.
      case ATTRIBUTE -> Filter.FIELDS.contains(name) ? Optional.empty() : Optional.of(name);
      default -> Optional.empty();
    };
  }
}
