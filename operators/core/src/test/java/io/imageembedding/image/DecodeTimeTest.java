// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import javax.imageio.ImageIO;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class DecodeTimeTest {
  private static final Duration SHORT = Duration.ofMillis(1);

  @Test
  void anImageThatTakesTooLongIsRefusedAndTheNextOneIsDecoded() throws Exception {
    byte[] large = png(4000, 4000);
    byte[] small = png(2, 2);
    try (ImageDecoder decoder = new ImageDecoder(within(Duration.ofMillis(100)), reference());
        ImageTensor tensor = new ImageTensor(4, 2)) {
      decoder.decode(small, tensor);
      assertThatThrownBy(() -> decoder.decode(large, tensor))
          .isInstanceOfSatisfying(
              UndecodableImageException.class,
              refusal -> assertThat(refusal.fault()).isEqualTo(Fault.TOO_LARGE))
          .hasMessageContaining("100 ms");
      decoder.decode(small, tensor);
      assertThat(tensor.count()).isEqualTo(2);
    }
  }

  @Test
  void threadsThatWereLeftAloneEndAndSoDoesTheDecodersOwn() throws Exception {
    byte[] large = png(4000, 4000);
    try (ImageDecoder decoder = new ImageDecoder(within(Duration.ofMillis(50)), reference());
        ImageTensor tensor = new ImageTensor(4, 1)) {
      assertThatThrownBy(() -> decoder.decode(large, tensor))
          .isInstanceOf(UndecodableImageException.class);
    }
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> decoderThreads() == 0);
  }

  @Test
  void imagesThatTakeTooLongCannotTakeEveryProcessor() throws Exception {
    byte[] large = png(4000, 4000);
    try (ImageDecoder decoder = new ImageDecoder(within(SHORT), reference());
        ImageTensor tensor = new ImageTensor(4, 1)) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 200; i++) {
                  try {
                    decoder.decode(large, tensor);
                  } catch (UndecodableImageException e) {
                    assertThat(decoderThreads()).isLessThan(7);
                  }
                }
              })
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("still being decoded");
    }
  }

  private static Preprocessing reference() {
    return Preprocessing.REFERENCE;
  }

  private static DecodeLimits within(Duration time) {
    DecodeLimits normal = DecodeLimits.DEFAULT;
    return new DecodeLimits(
        normal.maxBytes(),
        normal.maxWidth(),
        normal.maxHeight(),
        normal.maxPixels(),
        normal.maxFrames(),
        time);
  }

  private static long decoderThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("image-decoder"))
        .count();
  }

  private static byte[] png(int width, int height) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB), "png", out);
    return out.toByteArray();
  }
}
