// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import javax.imageio.ImageIO;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DecodeTimeTest {
  private static final byte[] ENDLESS = {0};
  private static final Duration TIME = Duration.ofMillis(300);

  private final CountDownLatch test = new CountDownLatch(1);

  @AfterEach
  void endWhatIsEndless() {
    test.countDown();
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> decoderThreads() == 0);
  }

  @Test
  void anImageThatTakesTooLongIsRefusedAndTheNextOneIsDecoded() throws Exception {
    byte[] small = png(2, 2);
    try (ImageDecoder decoder = decoder(Duration.ofSeconds(5));
        ImageTensor tensor = new ImageTensor(4, 2)) {
      decoder.decode(small, tensor);
      assertThatThrownBy(() -> decoder.decode(ENDLESS, tensor))
          .isInstanceOfSatisfying(
              UndecodableImageException.class,
              refusal -> assertThat(refusal.fault()).isEqualTo(Fault.TOO_LARGE))
          .hasMessageContaining("5000 ms");
      decoder.decode(small, tensor);
      assertThat(tensor.count()).isEqualTo(2);
    }
  }

  @Test
  void imagesThatTakeTooLongCannotTakeEveryProcessor() throws Exception {
    try (ImageDecoder decoder = decoder(TIME);
        ImageTensor tensor = new ImageTensor(4, 1)) {
      for (int i = 0; i < 5; i++) {
        assertThatThrownBy(() -> decoder.decode(ENDLESS, tensor))
            .isInstanceOf(UndecodableImageException.class);
      }
      assertThat(decoderThreads()).isEqualTo(5);
      assertThatThrownBy(() -> decoder.decode(ENDLESS, tensor))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("still being decoded");
      assertThat(decoderThreads()).isEqualTo(5);
    }
  }

  @Test
  void theDecoderDecodesAgainWhenImagesThatTookTooLongHaveEnded() throws Exception {
    byte[] small = png(2, 2);
    try (ImageDecoder decoder = decoder(Duration.ofSeconds(1));
        ImageTensor tensor = new ImageTensor(4, 1)) {
      for (int i = 0; i < 5; i++) {
        assertThatThrownBy(() -> decoder.decode(ENDLESS, tensor))
            .isInstanceOf(UndecodableImageException.class);
      }
      endWhatIsEndless();
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .ignoreExceptions()
          .until(
              () -> {
                decoder.decode(small, tensor);
                return true;
              });
    }
  }

  private ImageDecoder decoder(Duration maxTime) {
    return new ImageDecoder(maxTime, TestingDecodePass::new);
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

  /** Decodes one image for as long as the test goes on, and every other one as ever. */
  private final class TestingDecodePass extends DecodePass {
    TestingDecodePass() {
      super(DecodeLimits.DEFAULT, Preprocessing.REFERENCE);
    }

    @Override
    Resized resized(byte[] encoded, int size) throws UndecodableImageException {
      if (encoded == ENDLESS) {
        awaitUninterruptibly();
      }
      return super.resized(encoded, size);
    }

    private void awaitUninterruptibly() {
      boolean waiting = true;
      while (waiting) {
        try {
          test.await();
          waiting = false;
        } catch (InterruptedException e) {
          // Native code does not stop either.
        }
      }
    }
  }
}
