// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.ImageDecoder.Decoded;
import io.imageembedding.image.UndecodableImageException.Fault;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;
import javax.imageio.ImageIO;
import org.assertj.core.api.AbstractThrowableAssert;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DecodeTimeTest {
  private static final byte[] ENDLESS = {0};
  private static final byte[] ENDLESS_GIF = "GIF89a".getBytes(StandardCharsets.US_ASCII);
  private static final Duration TIME = Duration.ofMillis(300);

  private final CountDownLatch test = new CountDownLatch(1);

  @AfterEach
  void endWhatIsEndless() {
    test.countDown();
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> decoderThreads() == 0);
  }

  @Test
  void anImageThatTakesTooLongIsRefusedAndTheNextOnesAreDecoded() throws Exception {
    byte[] png = image("png");
    try (ImageDecoder decoder = decoder(Duration.ofSeconds(5));
        ImageTensor tensor = new ImageTensor(4, 5)) {
      List<Decoded> answers =
          decoder.decode(List.of(png, ENDLESS, image("gif"), new byte[0], png), tensor);
      assertThat(answers)
          .extracting(
              each -> each.refusal() == null ? each.info().format() : each.refusal().fault().name())
          .containsExactly("png", "TOO_LARGE", "gif", "EMPTY", "png");
      assertThat(answers.get(1).refusal()).hasMessageContaining("5000 ms");
      assertThat(tensor.count()).isEqualTo(3);

      test.countDown();
      Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> decoder.stuck() == 0);
      assertThat(tensor.count()).as("what came too late is not kept").isEqualTo(3);
      assertThatThrownBy(() -> decoder.decode(List.of(png, png, png), tensor))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("3 images, of 5");
    }
  }

  @Test
  void whileFourImagesOfAFormatAreStuckItIsRefusedAndTheOthersAreDecoded() throws Exception {
    byte[] gif = image("gif");
    byte[] png = image("png");
    try (ImageDecoder decoder = decoder(TIME);
        ImageTensor tensor = new ImageTensor(4, 1)) {
      stick(decoder, tensor, ENDLESS_GIF, 4);

      assertFault(Fault.DECODER_BUSY, decoder, gif, tensor)
          .hasMessageContaining("the gif is not decoded")
          .hasMessageContaining("4 images");
      untilDecoded(decoder, png, tensor);
      assertFault(Fault.DECODER_BUSY, decoder, gif, tensor);
      assertThat(decoderThreads()).isLessThanOrEqualTo(5);
    }
  }

  @Test
  void imagesThatTakeTooLongCannotTakeEveryProcessorAndTheTaskGoesOn() throws Exception {
    byte[] png = image("png");
    try (ImageDecoder decoder = decoder(TIME);
        ImageTensor tensor = new ImageTensor(4, 1)) {
      stick(decoder, tensor, ENDLESS_GIF, 4);
      stick(decoder, tensor, ENDLESS, 1);
      assertThat(decoderThreads()).isEqualTo(5);

      for (int i = 0; i < 10; i++) {
        assertFault(Fault.DECODER_BUSY, decoder, png, tensor)
            .hasMessageContaining("the png is not decoded")
            .hasMessageContaining("5 images");
        assertFault(Fault.DECODER_BUSY, decoder, ENDLESS, tensor);
      }
      assertThat(decoderThreads()).isEqualTo(5);
      assertThat(tensor.count()).isZero();

      test.countDown();
      untilDecoded(decoder, png, tensor);
      untilDecoded(decoder, image("gif"), tensor);
    }
  }

  @Test
  void whatAClosedDecoderLeftBehindCountsForTheNextOne() throws Exception {
    byte[] gif = image("gif");
    try (ImageTensor tensor = new ImageTensor(4, 1)) {
      try (ImageDecoder decoder = decoder(TIME)) {
        stick(decoder, tensor, ENDLESS_GIF, 4);
        try (ImageDecoder neighbour = decoder(TIME)) {
          untilDecoded(neighbour, gif, tensor);
        }
      }
      try (ImageDecoder restarted = decoder(TIME)) {
        assertFault(Fault.DECODER_BUSY, restarted, gif, tensor);
        assertThat(restarted.stuck()).isZero();

        test.countDown();
        untilDecoded(restarted, gif, tensor);
      }
    }
  }

  @Test
  void heapThatIsHeldByImagesThatAreStuckIsNotGivenTwice() throws Exception {
    byte[] webp = webp();
    try (ImageDecoder decoder =
            new ImageDecoder(
                TIME,
                held ->
                    new TestingDecodePass(held) {
                      @Override
                      long heapBytes() {
                        return Runtime.getRuntime().maxMemory() / 2;
                      }
                    });
        ImageTensor tensor = new ImageTensor(4, 1)) {
      stick(decoder, tensor, ENDLESS, 1);

      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> {
                tensor.clear();
                assertFault(Fault.DECODER_BUSY, decoder, webp, tensor);
              });
      untilDecoded(decoder, image("png"), tensor);

      test.countDown();
      untilDecoded(decoder, webp, tensor);
    }
  }

  private static void stick(ImageDecoder decoder, ImageTensor tensor, byte[] endless, int times) {
    for (int i = 0; i < times; i++) {
      assertFault(Fault.TOO_LARGE, decoder, endless, tensor);
    }
    assertThat(decoder.stuck()).isGreaterThanOrEqualTo(times);
  }

  private static AbstractThrowableAssert<?, ?> assertFault(
      Fault fault, ImageDecoder decoder, byte[] encoded, ImageTensor tensor) {
    return assertThatThrownBy(() -> decoder.decode(encoded, tensor))
        .isInstanceOfSatisfying(
            UndecodableImageException.class,
            refusal -> assertThat(refusal.fault()).isEqualTo(fault));
  }

  /** However slow the machine is: an image that takes too long is tried again. */
  private static void untilDecoded(ImageDecoder decoder, byte[] encoded, ImageTensor tensor) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .ignoreExceptionsInstanceOf(UndecodableImageException.class)
        .until(
            () -> {
              tensor.clear();
              decoder.decode(encoded, tensor);
              return tensor.count() == 1;
            });
    tensor.clear();
  }

  private ImageDecoder decoder(Duration maxTime) {
    return new ImageDecoder(maxTime, TestingDecodePass::new);
  }

  private static long decoderThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("image-decoder"))
        .count();
  }

  private static byte[] image(String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB), format, out);
    return out.toByteArray();
  }

  private static byte[] webp() throws IOException {
    try (InputStream in = DecodeTimeTest.class.getResourceAsStream("noise.webp")) {
      return in.readAllBytes();
    }
  }

  /** Decodes one image for as long as the test goes on, and every other one as ever. */
  private class TestingDecodePass extends DecodePass {
    TestingDecodePass(LongSupplier heldHeap) {
      super(DecodeLimits.DEFAULT, Preprocessing.REFERENCE, heldHeap);
    }

    @Override
    Resized resized(byte[] encoded, View view, int size) throws UndecodableImageException {
      if (encoded == ENDLESS || encoded == ENDLESS_GIF) {
        awaitUninterruptibly();
      }
      return super.resized(encoded, view, size);
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
