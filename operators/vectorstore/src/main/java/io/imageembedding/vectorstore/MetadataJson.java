// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.imageembedding.annotation.Internal;
import io.imageembedding.embedding.ImageInfo;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a store keeps beside a vector, as JSON. It is read whatever somebody else has made of it:
 * what is not as a store writes it is left out, because one odd row must not fail every search that
 * finds it.
 */
@Internal
public final class MetadataJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final ObjectMapper ASCII =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private MetadataJson() {}

  /** An image's metadata, for {@link #image}. */
  public static String write(ImageMetadata image) {
    return json(JSON, fields(image));
  }

  /**
   * The same, all of it ASCII, so that it can be cut anywhere and has as many bytes as characters.
   */
  public static String writeAscii(ImageMetadata image) {
    return json(ASCII, fields(image));
  }

  private static Map<String, ?> fields(ImageMetadata image) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("uri", image.uri());
    fields.put("format", image.info().format());
    fields.put("width", image.info().width());
    fields.put("height", image.info().height());
    fields.put("capturedAt", image.capturedAt());
    fields.put("attributes", image.attributes());
    return fields;
  }

  /** Attributes, for {@link #attributes}. */
  public static String write(Map<String, String> attributes) {
    return json(JSON, attributes);
  }

  private static String json(ObjectMapper json, Map<String, ?> texts) {
    try {
      return json.writeValueAsString(texts);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts and numbers cannot be written as JSON", e);
    }
  }

  /** An image's metadata; of what cannot be read, nothing is known. */
  public static ImageMetadata image(byte[] json, int offset, int length) {
    JsonNode image;
    try {
      image = JSON.readTree(json, offset, length);
    } catch (IOException e) {
      image = JSON.missingNode();
    }
    JsonNode capturedAt = image.path("capturedAt");
    return new ImageMetadata(
        new ImageInfo(
            image.path("format").asText(),
            image.path("width").asInt(),
            image.path("height").asInt()),
        image.path("uri").textValue(),
        capturedAt.isIntegralNumber() ? capturedAt.longValue() : null,
        texts(image.path("attributes")));
  }

  /**
   * The attributes that are texts.
   *
   * @param json null where there are none
   */
  public static Map<String, String> attributes(String json) {
    try {
      return json == null ? Map.of() : texts(JSON.readTree(json));
    } catch (IOException e) {
      return Map.of();
    }
  }

  private static Map<String, String> texts(JsonNode attributes) {
    Map<String, String> texts = new TreeMap<>();
    for (Map.Entry<String, JsonNode> attribute : attributes.properties()) {
      if (attribute.getValue().isTextual()) {
        texts.put(attribute.getKey(), attribute.getValue().textValue());
      }
    }
    return texts;
  }
}
