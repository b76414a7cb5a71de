// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import io.imageembedding.vectorstore.Age;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.MetadataJson;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;

/** What fields hold of a change, and back, and what selects rows. */
final class MilvusRows {

  /** Fields of which an {@link Age} is made. */
  static final List<String> OF_AGE =
      List.of(
          MilvusSchema.ID,
          MilvusSchema.TIMESTAMP,
          MilvusSchema.TOPIC,
          MilvusSchema.PARTITION,
          MilvusSchema.OFFSET,
          MilvusSchema.TIE_BREAK);

  /** Fields of which a hit is made. */
  static final List<String> OF_HIT =
      List.of(
          MilvusSchema.ID,
          MilvusSchema.TIMESTAMP,
          MilvusSchema.TOPIC,
          MilvusSchema.PARTITION,
          MilvusSchema.OFFSET,
          MilvusSchema.IMAGE);

  /** Fields of which a vector is made. */
  static final List<String> OF_VECTOR =
      List.of(
          MilvusSchema.ID,
          MilvusSchema.DELETED,
          MilvusSchema.EMBEDDING,
          MilvusSchema.TIMESTAMP,
          MilvusSchema.TOPIC,
          MilvusSchema.PARTITION,
          MilvusSchema.OFFSET,
          MilvusSchema.IMAGE);

  /** Selects what is not deleted. */
  static final String PRESENT = MilvusSchema.DELETED + " == false";

  /** Longer conditions are looked up by digest. */
  private static final int LONGEST_CONDITION = 1000;

  private MilvusRows() {}

  /** An image's metadata as the texts of one field. */
  static List<String> parts(ImageMetadata image) {
    String json = MetadataJson.writeAscii(image);
    List<String> parts = new ArrayList<>();
    for (int from = 0; from < json.length(); from += MilvusSchema.MAX_TEXT) {
      parts.add(json.substring(from, Math.min(json.length(), from + MilvusSchema.MAX_TEXT)));
    }
    return parts;
  }

  /** Everything that a filter can ask for. */
  static List<String> conditions(StoredVector stored) {
    return Filter.conditionsOf(stored).entrySet().stream()
        .map(held -> condition(held.getKey(), held.getValue()))
        .toList();
  }

  /** {@code key=value}, or a digest where that is long or could be read in two ways. */
  private static String condition(String key, String value) {
    String condition = key + "=" + value;
    return condition.length() <= LONGEST_CONDITION && key.indexOf('=') < 0
        ? condition
        : DigestUtils.sha256Hex(key + "\0" + value);
  }

  /** An expression for those rows that a search looks at. */
  static String selecting(Filter filter) {
    StringBuilder expression = new StringBuilder(PRESENT);
    filter
        .conditions()
        .forEach(
            (key, value) ->
                expression
                    .append(" and array_contains(")
                    .append(MilvusSchema.CONDITIONS)
                    .append(", ")
                    .append(quoted(condition(key, value)))
                    .append(')'));
    return expression.toString();
  }

  /** An expression for the rows of ids. */
  static String selecting(List<String> ids) {
    return ids.stream()
        .map(MilvusRows::quoted)
        .collect(Collectors.joining(", ", MilvusSchema.ID + " in [", "]"));
  }

  /** An expression for the rows that are not older. */
  static String since(long timestamp) {
    return PRESENT + " and " + MilvusSchema.TIMESTAMP + " >= " + timestamp;
  }

  /** A text as it is written in an expression. */
  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> quoted.append('\\').append(c);
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        default -> quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }

  static String id(Map<String, Object> row) {
    return (String) row.get(MilvusSchema.ID);
  }

  static boolean isDeleted(Map<String, Object> row) {
    return (Boolean) row.get(MilvusSchema.DELETED);
  }

  static Version version(Map<String, Object> row) {
    return new Version(
        (Long) row.get(MilvusSchema.TIMESTAMP),
        (String) row.get(MilvusSchema.TOPIC),
        (Integer) row.get(MilvusSchema.PARTITION),
        (Long) row.get(MilvusSchema.OFFSET));
  }

  static Age age(Map<String, Object> row) {
    return new Age(version(row), (Long) row.get(MilvusSchema.TIE_BREAK));
  }

  static float[] features(Map<String, Object> row) {
    List<?> features = (List<?>) row.get(MilvusSchema.EMBEDDING);
    float[] vector = new float[features.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (Float) features.get(i);
    }
    return vector;
  }

  static StoredVector vector(Map<String, Object> row, CollectionSpec collection) {
    return new StoredVector(id(row), features(row), collection.space(), version(row), image(row));
  }

  static ImageMetadata image(Map<String, Object> row) {
    List<?> parts = (List<?>) row.get(MilvusSchema.IMAGE);
    String json = parts.stream().map(String::valueOf).collect(Collectors.joining());
    byte[] bytes = json.getBytes(StandardCharsets.US_ASCII);
    return MetadataJson.image(bytes, 0, bytes.length);
  }
}
