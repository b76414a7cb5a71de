// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.imageembedding.embedding.ImageInfo;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is compressed behind the last pixel takes libpng time, and nobody sees it. */
class PngSurplusTest {

  @ParameterizedTest
  @CsvSource({"64, 64, false", "1500, 1000, true"})
  void compressedBytesBehindTheLastPixelAreNotInflated(int width, int height, boolean noise) {
    byte[] png = png(width, height, noise, 100 << 20);
    assertThatThrownBy(() -> decode(png))
        .isInstanceOfSatisfying(
            UndecodableImageException.class,
            refusal -> assertThat(refusal.fault()).isEqualTo(Fault.CORRUPT))
        .hasMessageContaining("compressed bytes");
  }

  @Test
  void picturesThatCannotBeCompressedAndAFewBytesTooManyAreDecoded() {
    assertThat(catchThrowable(() -> decode(png(1500, 1000, true, 0)))).isNull();
    assertThat(catchThrowable(() -> decode(png(64, 64, false, 1000)))).isNull();
  }

  /** Their second byte says so, and has a check of the first two in it. */
  @Test
  void compressedBytesThatWantADictionaryAreRefused() {
    byte[] png = png(1500, 1000, true, 0);
    int compressed = 8 + 25 + 8;
    assertThat(png[compressed]).isEqualTo((byte) 0x78);
    png[compressed + 1] = (byte) 0xf9;
    assertThat(catchThrowable(() -> decode(png))).isInstanceOf(UndecodableImageException.class);
  }

  private static ImageInfo decode(byte[] png) throws UndecodableImageException {
    try (ImageDecoder decoder = new ImageDecoder(DecodeLimits.DEFAULT, Preprocessing.REFERENCE);
        ImageTensor tensor = new ImageTensor(4, 1)) {
      return decoder.decode(png, tensor);
    }
  }

  /** RGB of 8 bits, in several chunks, with zeros behind the rows. */
  private static byte[] png(int width, int height, boolean noise, int surplus) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DataOutputStream png = new DataOutputStream(out)) {
      png.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
      ByteArrayOutputStream header = new ByteArrayOutputStream();
      DataOutputStream fields = new DataOutputStream(header);
      fields.writeInt(width);
      fields.writeInt(height);
      fields.write(new byte[] {8, 2, 0, 0, 0});
      chunk(png, "IHDR", header.toByteArray());
      byte[] compressed = compressed(width, height, noise, surplus);
      for (int at = 0; at < compressed.length; at += 1 << 20) {
        chunk(
            png,
            "IDAT",
            Arrays.copyOfRange(compressed, at, Math.min(compressed.length, at + (1 << 20))));
      }
      chunk(png, "IEND", new byte[0]);
      return out.toByteArray();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] compressed(int width, int height, boolean noise, int surplus)
      throws IOException {
    Random random = new Random(1);
    byte[] row = new byte[1 + 3 * width];
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
    try (DeflaterOutputStream rows = new DeflaterOutputStream(out, deflater)) {
      for (int y = 0; y < height; y++) {
        if (noise) {
          random.nextBytes(row);
          row[0] = 0;
        }
        rows.write(row);
      }
      byte[] zeros = new byte[1 << 16];
      for (int left = surplus; left > 0; left -= zeros.length) {
        rows.write(zeros, 0, Math.min(left, zeros.length));
      }
    }
    deflater.end();
    return out.toByteArray();
  }

  private static void chunk(DataOutputStream png, String name, byte[] content) throws IOException {
    CRC32 checksum = new CRC32();
    byte[] letters = name.getBytes(StandardCharsets.US_ASCII);
    checksum.update(letters);
    checksum.update(content);
    png.writeInt(content.length);
    png.write(letters);
    png.write(content);
    png.writeInt((int) checksum.getValue());
  }
}
