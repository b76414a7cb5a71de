// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.imageembedding.annotation.Internal;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Float32 tensors by name from a file in the safetensors format: length of the header (8 bytes,
 * little-endian), header in JSON (name to dtype, shape and offsets; {@code __metadata__} apart),
 * then the values, little-endian and row-major.
 */
@Internal
public final class Safetensors {
  private static final String METADATA = "__metadata__";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Safetensors() {}

  public static Map<String, FloatTensor> parse(byte[] file) throws IOException {
    JsonNode header = header(file);
    int begin = (int) (Long.BYTES + littleEndian(file).getLong());
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals(METADATA)) {
        tensors.put(entry.getKey(), tensor(entry.getValue(), file, begin));
      }
    }
    return tensors;
  }

  /** What the file says of itself: text by key. */
  public static Map<String, String> metadata(byte[] file) throws IOException {
    Map<String, String> metadata = new TreeMap<>();
    JsonNode entries = header(file).path(METADATA);
    entries.properties().forEach(entry -> metadata.put(entry.getKey(), entry.getValue().asText()));
    return metadata;
  }

  private static JsonNode header(byte[] file) throws IOException {
    long length = file.length < Long.BYTES ? -1 : littleEndian(file).getLong();
    if (length < 0 || length > file.length - Long.BYTES) {
      throw new IOException("not in the safetensors format");
    }
    return MAPPER.readTree(file, Long.BYTES, (int) length);
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Writes the tensors in the order of the map. */
  public static void write(
      Map<String, FloatTensor> tensors, Map<String, String> metadata, OutputStream out)
      throws IOException {
    ObjectNode header = MAPPER.createObjectNode();
    ObjectNode described = header.putObject(METADATA);
    metadata.forEach(described::put);
    long offset = 0;
    for (Map.Entry<String, FloatTensor> tensor : tensors.entrySet()) {
      ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", "F32");
      ArrayNode shape = entry.putArray("shape");
      Arrays.stream(tensor.getValue().shape()).forEach(shape::add);
      long end = offset + tensor.getValue().bytes().length;
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] text = MAPPER.writeValueAsBytes(header);
    byte[] length = new byte[Long.BYTES];
    littleEndian(length).putLong(text.length);
    out.write(length);
    out.write(text);
    for (FloatTensor tensor : tensors.values()) {
      out.write(tensor.bytes());
    }
  }

  private static FloatTensor tensor(JsonNode entry, byte[] file, int begin) throws IOException {
    List<Long> shape = new ArrayList<>();
    entry.get("shape").forEach(dimension -> shape.add(dimension.longValue()));
    int from = begin + entry.get("data_offsets").get(0).intValue();
    int to = begin + entry.get("data_offsets").get(1).intValue();
    FloatTensor tensor =
        new FloatTensor(
            shape.stream().mapToLong(dimension -> dimension).toArray(),
            Arrays.copyOfRange(file, from, to));
    if (!entry.get("dtype").asText().equals("F32")
        || tensor.elements() * Float.BYTES != tensor.bytes().length) {
      throw new IOException("not float32, or not as long as its shape says: " + entry);
    }
    return tensor;
  }
}
