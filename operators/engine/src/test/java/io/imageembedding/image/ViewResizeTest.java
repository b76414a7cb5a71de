// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ViewResizeTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void theWholePictureIsWhatResizingGives(int orientation) {
    for (int[] shape : new int[][] {{1, 1}, {7, 3}, {40, 61}, {224, 100}, {300, 301}}) {
      Pixels pixels = noise(shape[0], shape[1]);
      for (int size : new int[] {1, 5, 96}) {
        assertThat(new ViewResize().resized(pixels, orientation, View.WHOLE, size))
            .as("%d x %d to %d", shape[0], shape[1], size)
            .containsExactly(
                new BilinearResize().resized(pixels, orientation, size), within(1e-4f));
      }
    }
  }

  @Test
  void mirroredIsFromRightToLeft() {
    float[] plain = view(noise(50, 40), View.WHOLE, 32);
    float[] mirrored = view(noise(50, 40), new View(0.5, 0.5, 1, 0, true), 32);

    for (int y = 0; y < 32; y++) {
      for (int x = 0; x < 32; x++) {
        assertThat(mirrored[(y * 32 + x) * 3])
            .isCloseTo(plain[(y * 32 + 31 - x) * 3], within(1e-5f));
      }
    }
  }

  @Test
  void aQuarterTurnMovesTheTopToTheRight() {
    float[] plain = view(noise(64, 64), View.WHOLE, 64);
    float[] turned = view(noise(64, 64), new View(0.5, 0.5, 1, -Math.PI / 2, false), 64);

    for (int y = 0; y < 64; y++) {
      for (int x = 0; x < 64; x++) {
        assertThat(turned[(x * 64 + 63 - y) * 3]).isCloseTo(plain[(y * 64 + x) * 3], within(1e-4f));
      }
    }
  }

  @Test
  void aPartIsSeenPixelByPixel() {
    Pixels pixels = noise(80, 60);
    byte[] row = new byte[80 * 3];
    pixels.read(30, row);

    // 40 x 30 pixels from column 20 and row 15, to 40 x 40: every column is a pixel's.
    float[] part = view(pixels, new View(0.5, 0.5, 0.5, 0, false), 40);

    float scale = 30 / 40f;
    float place = 15 + 20.5f * scale - 0.5f;
    byte[] next = new byte[80 * 3];
    pixels.read((int) place + 1, next);
    pixels.read((int) place, row);
    float down = place - (int) place;
    for (int x = 0; x < 40; x++) {
      float above = (row[(20 + x) * 3] & 0xff) / 255f;
      float below = (next[(20 + x) * 3] & 0xff) / 255f;
      assertThat(part[(20 * 40 + x) * 3]).isCloseTo(above + (below - above) * down, within(1e-4f));
    }
  }

  @Test
  void theEdgeGoesOnBeyondThePicture() {
    byte[] grey = new byte[30 * 20 * 3];
    java.util.Arrays.fill(grey, (byte) 51);

    assertThat(view(Pixels.of(30, 20, grey), new View(0.1, 0.9, 3, 1, true), 16))
        .containsOnly(new float[] {0.2f}, within(1e-6f));
  }

  @Test
  void whatIsNoViewIsRefused() {
    assertThatThrownBy(() -> new View(0.5, 0.5, 0, 0, false))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new View(Double.NaN, 0.5, 1, 0, false))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static float[] view(Pixels pixels, View view, int size) {
    return new ViewResize().resized(pixels, ExifOrientation.UPRIGHT, view, size);
  }

  private static Pixels noise(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    new Random(width * 31L + height).nextBytes(rgb);
    return Pixels.of(width, height, rgb);
  }
}
