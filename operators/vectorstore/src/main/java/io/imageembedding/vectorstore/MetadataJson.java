// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.annotation.Internal;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads what a store keeps beside a vector, whatever somebody else has made of it: what is not as a
 * store writes it is left out, because one odd row must not fail every search that finds it.
 */
@Internal
public final class MetadataJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private MetadataJson() {}

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
        image.path("uri").textValue(),
        image.path("format").asText(),
        image.path("width").asInt(),
        image.path("height").asInt(),
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
