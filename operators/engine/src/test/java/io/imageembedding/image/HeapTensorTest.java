// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.imageembedding.embedding.ImageInfo;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeapTensorTest {
  private static final int SIZE = 16;
  private static final int LENGTH = SIZE * SIZE * 3;

  @ParameterizedTest
  @CsvSource({"png, 0", "gif, 0", "bmp, 0", "jpeg, 0.03"})
  void imagesHaveThePixelsThatTheyHaveInATensor(String format, float most) throws Exception {
    byte[] file = file(format);
    try (ImageTensor heap = ImageTensor.onHeap(SIZE, 2);
        ImageTensor tensor = new ImageTensor(SIZE, 2);
        ImageDecoder plain =
            ImageDecoder.into(heap, DecodeLimits.DEFAULT, Preprocessing.REFERENCE);
        ImageDecoder reference =
            ImageDecoder.into(tensor, DecodeLimits.DEFAULT, Preprocessing.REFERENCE)) {
      ImageInfo info = plain.decode(file, heap);
      assertThat(info).isEqualTo(reference.decode(file, tensor));
      assertThat(info.format()).isEqualTo(format);
      assertThat(heap.image(0)).containsExactly(tensor.image(0), within(most + 1e-7f));
    }
  }

  @Test
  void partsAreCopiedAndThereIsNoTensor() {
    try (ImageTensor images = ImageTensor.onHeap(SIZE, 3);
        ImageTensor other = ImageTensor.onHeap(SIZE, 2);
        ImageTensor tensor = new ImageTensor(SIZE, 2)) {
      for (int i = 1; i <= 3; i++) {
        images.append(filled(i / 4f));
      }
      try (ImageTensor part = images.copyOfRange(1, 3)) {
        assertThat(part.isOnHeap()).isTrue();
        assertThat(part.count()).isEqualTo(2);
        assertThat(part.image(0)).isEqualTo(filled(0.5f));
      }
      images.copyTo(1, other);
      assertThat(other.image(1)).isEqualTo(filled(0.75f));
      assertThatThrownBy(() -> images.copyTo(0, tensor))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> images.image(3)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatIllegalStateException()
          .isThrownBy(images::tensor)
          .withMessageContaining("on the Java heap");
      images.clear();
      assertThat(images.count()).isZero();
    }
  }

  private static float[] filled(float value) {
    float[] pixels = new float[LENGTH];
    Arrays.fill(pixels, value);
    return pixels;
  }

  private static byte[] file(String format) throws Exception {
    BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
    Graphics2D canvas = image.createGraphics();
    canvas.setPaint(new GradientPaint(0, 0, Color.ORANGE, 40, 30, Color.BLUE));
    canvas.fillRect(0, 0, 40, 30);
    canvas.dispose();
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, file)).isTrue();
    return file.toByteArray();
  }
}
