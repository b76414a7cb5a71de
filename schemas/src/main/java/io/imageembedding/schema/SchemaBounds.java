// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.schema;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;

/**
 * Parses the schemas of strangers, and holds them to what a record of images can need. A schema
 * names a type once and uses it as often as it likes, so thirty lines can stand for a billion
 * fields, and decoders that unfold them (as Avro's do, by {@code Symbol.flatten}) take the memory
 * for all.
 */
final class SchemaBounds {
  private static final int MAX_TYPES = 10_000;
  private static final int MAX_DEPTH = 64;

  /** Avro's parser walks through the whole schema for each of them. */
  private static final int MAX_NAMED_TYPES = 500;

  private static final int MAX_NESTING = 200;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(JsonParser.Feature.ALLOW_COMMENTS);

  /** A type that stands within itself, where it does. */
  private static final Size WITHIN_ITSELF = new Size(1, 0);

  private static final Size TOO_LARGE = new Size(MAX_TYPES + 1, MAX_DEPTH + 1);

  /** Types written out, and how deep they are nested. */
  private record Size(int types, int depth) {}

  private final Map<Schema, Size> sizes = new IdentityHashMap<>();

  private SchemaBounds() {}

  /**
   * The schema that the text says. Empty if it says none, or one that has more than {@value
   * #MAX_NAMED_TYPES} named types, or more than {@value #MAX_TYPES} types or more than {@value
   * #MAX_DEPTH} within each other, when every named type is written out wherever it is used; a type
   * within itself counts once.
   */
  static Optional<Schema> parse(String text) {
    // By whatever it fails: it is a stranger's.
    try {
      if (!isShallow(text) || namedTypes(JSON.readTree(text)) > MAX_NAMED_TYPES) {
        return Optional.empty();
      }
      // Defaults are the reader's business; each would be held to its type wherever that is used.
      Schema schema = new Schema.Parser().setValidateDefaults(false).parse(text);
      return Optional.of(schema).filter(SchemaBounds::isBounded);
    } catch (RuntimeException | StackOverflowError | JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private static boolean isShallow(String text) {
    int depth = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      if (depth > MAX_NESTING) {
        return false;
      }
    }
    return true;
  }

  private static int namedTypes(JsonNode node) {
    int types = node.has("fields") || node.has("symbols") || node.has("size") ? 1 : 0;
    for (JsonNode part : node) {
      types += namedTypes(part);
    }
    return types;
  }

  private static boolean isBounded(Schema schema) {
    Size size = new SchemaBounds().size(schema, 0);
    return size.types <= MAX_TYPES && size.depth <= MAX_DEPTH;
  }

  private Size size(Schema schema, int above) {
    Size known = sizes.get(schema);
    if (known != null) {
      return known;
    }
    if (above > MAX_DEPTH) {
      return TOO_LARGE;
    }
    sizes.put(schema, WITHIN_ITSELF);
    long types = 1;
    int depth = 0;
    for (Schema part : parts(schema)) {
      Size size = size(part, above + 1);
      types += size.types;
      depth = Math.max(depth, size.depth);
    }
    Size size = new Size((int) Math.min(types, MAX_TYPES + 1), depth + 1);
    sizes.put(schema, size);
    return size;
  }

  private static List<Schema> parts(Schema schema) {
    return switch (schema.getType()) {
      case RECORD -> schema.getFields().stream().map(Schema.Field::schema).toList();
      case UNION -> schema.getTypes();
      case ARRAY -> List.of(schema.getElementType());
      case MAP -> List.of(schema.getValueType());
      default -> List.of();
    };
  }
}
