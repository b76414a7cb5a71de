// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.table;

import io.imageembedding.embedding.ClassScore;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.embedding.Refusal;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeFamily;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.jspecify.annotations.Nullable;

/** What a model can give for an image; which of it, the names of its output columns say. */
enum OutputColumn {
  /** The feature vector; null where there is none. */
  EMBEDDING(
      "ARRAY<FLOAT>",
      OutputColumn::isFloats,
      ofEmbedding(embedding -> new GenericArrayData(embedding.vector()))),
  /** Code and reason of the refusal; null where there is an embedding. */
  ERROR(
      "STRING",
      OutputColumn::isText,
      (outcome, running) ->
          outcome instanceof Refusal refusal
              ? StringData.fromString(refusal.code() + ": " + refusal.message())
              : null),
  /** The likeliest classes, best first. */
  SCORES(
      "ARRAY<ROW<label STRING, score FLOAT>>",
      OutputColumn::isScores,
      ofEmbedding(embedding -> scores(embedding.scores()))),
  /** Name of the model. */
  MODEL(
      "STRING", OutputColumn::isText, (outcome, running) -> StringData.fromString(running.model())),
  /** What the vector may be compared with. */
  VECTOR_SPACE(
      "STRING",
      OutputColumn::isText,
      (outcome, running) -> StringData.fromString(running.vectorSpace())),
  /** In pixels, as stored. */
  WIDTH("INT", OutputColumn::isInt, ofEmbedding(embedding -> embedding.image().width())),
  /** In pixels, as stored. */
  HEIGHT("INT", OutputColumn::isInt, ofEmbedding(embedding -> embedding.image().height())),
  /** Of the encoding. */
  FORMAT(
      "STRING",
      OutputColumn::isText,
      ofEmbedding(embedding -> StringData.fromString(embedding.image().format())));

  private final String type;
  private final Predicate<LogicalType> fits;
  private final BiFunction<Outcome, Provenance, @Nullable Object> value;

  OutputColumn(
      String type,
      Predicate<LogicalType> fits,
      BiFunction<Outcome, Provenance, @Nullable Object> value) {
    this.type = type;
    this.fits = fits;
    this.value = value;
  }

  /**
   * The columns of a statement's OUTPUT, in its order.
   *
   * @throws ValidationException if one has another name or type than there is
   */
  static List<OutputColumn> of(ResolvedSchema output) {
    if (output.getColumns().isEmpty()) {
      throw new ValidationException("OUTPUT has no columns; allowed: " + allowed());
    }
    return output.getColumns().stream().map(OutputColumn::of).toList();
  }

  private static OutputColumn of(Column column) {
    OutputColumn known =
        Stream.of(values())
            .filter(each -> each.text().equals(column.getName()))
            .findFirst()
            .orElseThrow(
                () ->
                    new ValidationException(
                        "OUTPUT has no column '" + column.getName() + "'; allowed: " + allowed()));
    LogicalType given = column.getDataType().getLogicalType();
    if (!known.fits.test(given) || !given.isNullable()) {
      throw new ValidationException(
          "OUTPUT column '"
              + known.text()
              + "' is "
              + given.asSerializableString()
              + "; allowed: "
              + known.type
              + (given.isNullable() ? "" : ", which is NULL for images that are not embedded"));
    }
    return known;
  }

  private static String allowed() {
    return String.join(
        ", ", Stream.of(values()).map(column -> column.text() + " " + column.type).toList());
  }

  /** As it is written in a statement. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** A row of these columns. */
  static GenericRowData row(List<OutputColumn> columns, Outcome outcome, Provenance running) {
    GenericRowData row = new GenericRowData(columns.size());
    for (int i = 0; i < columns.size(); i++) {
      row.setField(i, columns.get(i).value.apply(outcome, running));
    }
    return row;
  }

  private static BiFunction<Outcome, Provenance, @Nullable Object> ofEmbedding(
      Function<Embedding, Object> value) {
    return (outcome, running) ->
        outcome instanceof Embedding embedding ? value.apply(embedding) : null;
  }

  private static GenericArrayData scores(List<ClassScore> scores) {
    return new GenericArrayData(
        scores.stream()
            .map(each -> GenericRowData.of(StringData.fromString(each.label()), each.score()))
            .toArray());
  }

  static boolean isText(LogicalType type) {
    // A shorter one would have to cut.
    return type.is(LogicalTypeRoot.VARCHAR)
        && type.copy(true).asSerializableString().equals("VARCHAR(2147483647)");
  }

  static boolean isInt(LogicalType type) {
    return type.is(LogicalTypeRoot.INTEGER);
  }

  static boolean isFloats(LogicalType type) {
    return type instanceof ArrayType array && array.getElementType().is(LogicalTypeRoot.FLOAT);
  }

  static boolean isBytes(LogicalType type) {
    return type.is(LogicalTypeFamily.BINARY_STRING);
  }

  private static boolean isScores(LogicalType type) {
    return type instanceof ArrayType array
        && array.getElementType() instanceof RowType row
        && row.getFieldNames().equals(List.of("label", "score"))
        && isText(row.getTypeAt(0))
        && row.getTypeAt(1).is(LogicalTypeRoot.FLOAT);
  }
}
