// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.model.network.FloatTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Float32 tensors by name from a file in the safetensors format: length of the header (8 bytes,
 * little-endian), header in JSON (name to dtype, shape and offsets; {@code __metadata__} apart),
 * then the values, little-endian and row-major.
 */
final class Safetensors {
  private static final String METADATA = "__metadata__";

  private Safetensors() {}

  static Map<String, FloatTensor> parse(byte[] file) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int begin = Math.toIntExact(Long.BYTES + buffer.getLong());
    JsonNode header = new ObjectMapper().readTree(file, Long.BYTES, begin - Long.BYTES);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals(METADATA)) {
        tensors.put(entry.getKey(), tensor(entry.getValue(), file, begin));
      }
    }
    return tensors;
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
