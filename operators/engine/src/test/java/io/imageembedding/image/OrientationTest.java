// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OrientationTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void turningWhileResizingGivesTheBitsOfTurningFirst(int orientation) {
    for (int[] shape : new int[][] {{1, 1}, {7, 3}, {40, 61}, {224, 100}, {300, 301}}) {
      BufferedImage stored = noise(shape[0], shape[1]);
      BufferedImage upright = Orientations.upright(stored, orientation);
      for (int size : new int[] {1, 5, 96}) {
        assertThat(resized(stored, orientation, size))
            .as("%d x %d to %d", shape[0], shape[1], size)
            .isEqualTo(resized(upright, ExifOrientation.UPRIGHT, size));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 2", "4, 4", "6, 1", "8, 2", "9, 4"})
  void theOrientationIsReadInWhateverIntegerTypeItWasWritten(int type, int bytes) {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
      ByteBuffer exif = ByteBuffer.allocate(30).order(order);
      exif.put((byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I'));
      exif.put((byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I'));
      exif.putShort((short) 42).putInt(8).putShort((short) 1);
      exif.putShort((short) 274).putShort((short) type).putInt(1);
      switch (bytes) {
        case 1 -> exif.put((byte) 6);
        case 2 -> exif.putShort((short) 6);
        default -> exif.putInt(6);
      }
      assertThat(ExifOrientation.of(new EncodedBytes(exif.array())))
          .as(order.toString())
          .isEqualTo(6);
    }
  }

  @Test
  void theVersionInTheVectorSpaceIsThatOfTheReaders() {
    assertThat(new WebPImageReaderSpi().getVersion()).isEqualTo(PluginDecoder.READERS);
    assertThat(new TIFFImageReaderSpi().getVersion()).isEqualTo(PluginDecoder.READERS);
    assertThat(PluginDecoder.VERSION).startsWith(PluginDecoder.READERS + "-");
    assertThat(Preprocessing.REFERENCE.id()).contains(PluginDecoder.VERSION);
  }

  private static float[] resized(BufferedImage image, int orientation, int size) {
    int[] argb = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    Pixels pixels = Pixels.of(image.getWidth(), image.getHeight(), argb);
    return new BilinearResize().resized(pixels, orientation, size);
  }

  private static BufferedImage noise(int width, int height) {
    Random random = new Random(width * 31L + height);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, random.nextInt());
      }
    }
    return image;
  }
}
