// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.milvus;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.Collection;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;

/** A change as a row and back, and what selects rows. */
final class Rows {

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

  /** All of it ASCII, so that it can be cut anywhere and has as many bytes as characters. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private Rows() {}

  static JsonObject of(Change change, Age age, int dimension) {
    JsonObject row = new JsonObject();
    Version version = age.version();
    row.addProperty(MilvusSchema.ID, change.id());
    row.addProperty(MilvusSchema.DELETED, change instanceof Deletion);
    row.addProperty(MilvusSchema.TIMESTAMP, version.timestamp());
    row.addProperty(MilvusSchema.TOPIC, version.topic());
    row.addProperty(MilvusSchema.PARTITION, version.partition());
    row.addProperty(MilvusSchema.OFFSET, version.offset());
    row.addProperty(MilvusSchema.TIE_BREAK, age.tieBreak());
    JsonArray image = new JsonArray();
    JsonArray conditions = new JsonArray();
    if (change instanceof StoredVector stored) {
      row.add(MilvusSchema.EMBEDDING, array(stored.vector()));
      String json = json(stored.image());
      for (int from = 0; from < json.length(); from += MilvusSchema.MAX_TEXT) {
        image.add(json.substring(from, Math.min(json.length(), from + MilvusSchema.MAX_TEXT)));
      }
      addConditions(conditions, stored);
    } else {
      row.add(MilvusSchema.EMBEDDING, array(placeholder(change.id(), dimension)));
    }
    row.add(MilvusSchema.IMAGE, image);
    row.add(MilvusSchema.CONDITIONS, conditions);
    return row;
  }

  /** How large a row is on the wire, about. */
  static int bytes(JsonObject row) {
    int bytes = row.getAsJsonArray(MilvusSchema.EMBEDDING).size() * Float.BYTES;
    for (String field : List.of(MilvusSchema.IMAGE, MilvusSchema.CONDITIONS)) {
      for (JsonElement text : row.getAsJsonArray(field)) {
        bytes += text.getAsString().length();
      }
    }
    return bytes;
  }

  private static JsonArray array(float[] vector) {
    JsonArray array = new JsonArray(vector.length);
    for (float feature : vector) {
      array.add(feature);
    }
    return array;
  }

  /**
   * What stands where a deletion has no vector, as every row has to have one: another for each id,
   * so that many deletions are not one thick knot in the graph.
   */
  private static float[] placeholder(String id, int dimension) {
    Random random = new Random(id.hashCode());
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }

  private static void addConditions(JsonArray conditions, StoredVector stored) {
    ImageMetadata image = stored.image();
    conditions.add(condition(Filter.TOPIC, stored.version().topic()));
    conditions.add(condition(Filter.PARTITION, String.valueOf(stored.version().partition())));
    conditions.add(condition(Filter.FORMAT, image.format()));
    if (image.uri() != null) {
      conditions.add(condition(Filter.URI, image.uri()));
    }
    image
        .attributes()
        .forEach(
            (key, value) -> {
              if (!Filter.FIELDS.contains(key)) {
                conditions.add(condition(key, value));
              }
            });
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
        .map(Rows::quoted)
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

  static StoredVector vector(Map<String, Object> row, Collection collection) {
    List<?> features = (List<?>) row.get(MilvusSchema.EMBEDDING);
    float[] vector = new float[features.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (Float) features.get(i);
    }
    return new StoredVector(id(row), vector, collection.space(), version(row), image(row));
  }

  static ImageMetadata image(Map<String, Object> row) {
    List<?> parts = (List<?>) row.get(MilvusSchema.IMAGE);
    String json = parts.stream().map(String::valueOf).collect(Collectors.joining());
    try {
      return JSON.readValue(json.getBytes(StandardCharsets.US_ASCII), ImageMetadata.class);
    } catch (IOException e) {
      throw new IllegalStateException("the metadata of " + id(row) + " are damaged", e);
    }
  }

  private static String json(ImageMetadata image) {
    try {
      return JSON.writeValueAsString(image);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What decides between two changes to one id; ordered as {@link Change#BY_AGE}. */
  record Age(Version version, long tieBreak) implements Comparable<Age> {
    static Age of(Change change) {
      return new Age(change.version(), change.tieBreak());
    }

    @Override
    public int compareTo(Age other) {
      int order = version.compareTo(other.version);
      return order != 0 ? order : Long.compare(tieBreak, other.tieBreak);
    }
  }
}
