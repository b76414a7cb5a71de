// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import static java.util.Objects.requireNonNull;

import io.imageembedding.annotation.PublicEvolving;
import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which images a search looks at: those for which every condition {@code key=value} holds, compared
 * letter by letter. The keys {@value #URI}, {@value #FORMAT}, {@value #TOPIC} and {@value
 * #PARTITION} are what their names say; any other key is that of an attribute.
 *
 * @param conditions by key
 */
@PublicEvolving
public record Filter(Map<String, String> conditions) implements Serializable {

  /** Key of the image's URI. */
  public static final String URI = "uri";

  /** Key of the image's encoding. */
  public static final String FORMAT = "format";

  /** Key of the topic that it came from. */
  public static final String TOPIC = "topic";

  /** Key of the partition that it came from. */
  public static final String PARTITION = "partition";

  /** Keys that are no attributes. */
  public static final List<String> FIELDS = List.of(URI, FORMAT, TOPIC, PARTITION);

  /** Every image. */
  public static final Filter NONE = new Filter(Map.of());

  public Filter {
    requireNonNull(conditions, "conditions");
    conditions = Collections.unmodifiableSortedMap(new TreeMap<>(conditions));
  }

  /**
   * The filter that a person wrote.
   *
   * @param texts conditions, each {@code key=value}
   * @throws StoreException if one is not of that form, or two have the same key
   */
  public static Filter parse(List<String> texts) {
    TreeMap<String, String> conditions = new TreeMap<>();
    for (String text : texts) {
      int equals = text.indexOf('=');
      if (equals < 1) {
        throw new StoreException("filter '" + text + "' is not of the form key=value");
      }
      String key = text.substring(0, equals);
      if (conditions.put(key, text.substring(equals + 1)) != null) {
        throw new StoreException("filter: two values for '" + key + "', of which one can hold");
      }
    }
    return new Filter(conditions);
  }

  /** Everything that can be asked for and that holds for a vector. */
  public static Map<String, String> conditionsOf(StoredVector vector) {
    Map<String, String> conditions = new LinkedHashMap<>();
    for (String field : FIELDS) {
      String value = value(field, vector);
      if (value != null) {
        conditions.put(field, value);
      }
    }
    vector
        .image()
        .attributes()
        .forEach(
            (key, value) -> {
              if (!FIELDS.contains(key)) {
                conditions.put(key, value);
              }
            });
    return conditions;
  }

  /** Whether every condition holds for a vector. */
  public boolean holds(StoredVector vector) {
    return conditions.entrySet().stream()
        .allMatch(wanted -> wanted.getValue().equals(value(wanted.getKey(), vector)));
  }

  private static String value(String key, StoredVector vector) {
    return switch (key) {
      case URI -> vector.image().uri();
      case FORMAT -> vector.image().info().format();
      case TOPIC -> vector.version().topic();
      case PARTITION -> String.valueOf(vector.version().partition());
      default -> vector.image().attributes().get(key);
    };
  }
}
