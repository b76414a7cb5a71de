// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.source;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.imageembedding.model.graph.ContentDigest;
import io.imageembedding.model.graph.Npy;
import io.imageembedding.model.network.MobileNetV2;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * Makes the built-in model's resource from an archive with one {@code .npy} file for each variable
 * of the TF-Slim checkpoint, named like the checkpoint's with {@code _} for {@code /}. Values are
 * copied bit by bit.
 */
final class ConvertWeights {
  private ConvertWeights() {}

  /** Arguments: the archive, the file to write. */
  public static void main(String[] args) throws IOException {
    byte[] file = convert(Path.of(args[0]));
    Files.write(Path.of(args[1]), file);
    System.out.println(
        args[1] + ": " + file.length + " bytes, SHA-256 " + ContentDigest.sha256(file));
  }

  static byte[] convert(Path archive) throws IOException {
    Map<String, byte[]> files = filesByName(archive);
    ObjectNode header = new ObjectMapper().createObjectNode();
    header
        .putObject("__metadata__")
        .put("source", "TF-Slim checkpoint mobilenet_v2_1.0_224, raw variables")
        .put("licence", "MIT, Copyright (c) 2020 Jonathan Mitchell");
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (Map.Entry<String, long[]> variable : MobileNetV2.of(1.0, 224).variables().entrySet()) {
      byte[] npy = files.get(fileName(variable.getKey()));
      Npy array = Npy.parse(npy);
      long[] shape = variable.getValue();
      if (array.shape().length != shape.length) {
        throw new IOException(variable.getKey() + " has another rank");
      }
      ObjectNode entry = header.putObject(variable.getKey()).put("dtype", "F32");
      var dimensions = entry.putArray("shape");
      for (int i = 0; i < shape.length; i++) {
        if (array.shape()[i] != shape[i]) {
          throw new IOException(variable.getKey() + " has another shape");
        }
        dimensions.add(shape[i]);
      }
      int length = array.values().length * Float.BYTES;
      entry.putArray("data_offsets").add(data.size()).add(data.size() + length);
      data.write(npy, npy.length - length, length);
    }
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(
        ByteBuffer.allocate(Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(text.length)
            .array());
    out.write(text);
    data.writeTo(out);
    return out.toByteArray();
  }

  private static String fileName(String variable) {
    return variable.replaceFirst("MobilenetV2/", "").replace('/', '_') + ".npy";
  }

  private static Map<String, byte[]> filesByName(Path archive) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (InputStream in = Files.newInputStream(archive);
        TarArchiveInputStream tar = new TarArchiveInputStream(new GZIPInputStream(in))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        if (entry.isFile()) {
          files.put(Path.of(entry.getName()).getFileName().toString(), tar.readAllBytes());
        }
      }
    }
    return files;
  }
}
