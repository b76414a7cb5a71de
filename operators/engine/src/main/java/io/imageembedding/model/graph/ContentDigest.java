// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.model.graph;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import io.imageembedding.annotation.Internal;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * SHA-256 of a model's content, the same wherever it is stored. For each variable in the order of
 * the keys: key and name of the dtype (UTF-8, each with its length in front as a big-endian int),
 * rank (int), dimensions (longs), length (long) and bytes (little-endian, row-major). Then what
 * computes on them: for each function its canonical bytes with their length in front.
 */
@Internal
public final class ContentDigest {
  private final MessageDigest digest = DigestUtils.getSha256Digest();

  public void variable(String key, String dtype, long[] shape, byte[] littleEndian) {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(header)) {
      writeText(key, out);
      writeText(dtype, out);
      out.writeInt(shape.length);
      for (long dimension : shape) {
        out.writeLong(dimension);
      }
      out.writeLong(littleEndian.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    digest.update(header.toByteArray());
    digest.update(littleEndian);
  }

  private static void writeText(String text, DataOutputStream out) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  public void function(byte[] canonical) {
    digest.update((byte) (canonical.length >>> 24));
    digest.update((byte) (canonical.length >>> 16));
    digest.update((byte) (canonical.length >>> 8));
    digest.update((byte) canonical.length);
    digest.update(canonical);
  }

  /** A function or node in an encoding with the entries of maps sorted. */
  public void function(MessageLite canonical) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      canonical.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    function(bytes.toByteArray());
  }

  /** 64 lower-case hex digits; the digest is spent. */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }

  public static String sha256(byte[] bytes) {
    return DigestUtils.sha256Hex(bytes);
  }
}
