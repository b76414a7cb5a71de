// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.image.UndecodableImageException.Fault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TIFFs of which the colours are CIE L*a*b*. */
class TiffLabTest {
  private static final int SIDE = 5;
  private static final int CIELAB = 8;
  private static final int ICCLAB = 9;
  private static final int ITULAB = 10;

  /**
   * L* of 255, a* and b*, and what LittleCMS 2.19 makes of them in sRGB, from its own profile of
   * L*a*b* with white D50, perceptual, without tables in which it would interpolate: corners of the
   * cube of colours, ordinary ones, and some beyond them.
   */
  private static final int[][] COLOURS = {
    {0, 0, 0, 0, 0, 0},
    {255, 0, 0, 255, 255, 255},
    {138, 81, 70, 255, 0, 0},
    {224, -79, 81, 9, 255, 0},
    {75, 68, -112, 0, 1, 254},
    {249, -16, 93, 255, 255, 6},
    {231, -51, -15, 0, 255, 255},
    {153, 94, -61, 255, 0, 255},
    {137, 0, 0, 128, 128, 128},
    {6, 0, 0, 9, 9, 9},
    {56, -21, 14, 19, 60, 30},
    {169, 17, 24, 201, 149, 119},
    {65, 17, 21, 89, 50, 29},
    {200, 0, 0, 194, 194, 194},
    {30, 0, 0, 31, 31, 31},
    {128, 0, 0, 119, 119, 119},
    {1, 0, 0, 1, 1, 1},
    {12, 12, -18, 23, 9, 41},
    {200, 127, 0, 255, 0, 201},
    {128, -128, 0, 0, 156, 116},
    {128, 0, -128, 0, 132, 255},
    {128, 0, 127, 142, 118, 0},
    {5, 127, -53, 116, 0, 85},
    {240, 52, -88, 255, 205, 255},
    {254, 2, -2, 255, 253, 255},
  };

  @ParameterizedTest
  @CsvSource({
    "8, 8, false",
    "9, 8, false",
    "8, 16, false",
    "9, 16, false",
    "8, 8, true",
    "9, 16, true",
  })
  void coloursAreThoseOfLittleCmsToALevel(int photometric, int bits, boolean planes)
      throws Exception {
    float[] pixels = pixels(tiff(photometric, bits, planes, 3));

    for (int i = 0; i < COLOURS.length; i++) {
      for (int channel = 0; channel < 3; channel++) {
        assertThat(pixels[3 * i + channel] * 255)
            .as("colour %s, channel %s", i, channel)
            .isBetween(COLOURS[i][3 + channel] - 1.01f, COLOURS[i][3 + channel] + 1.01f);
      }
    }
  }

  @Test
  void aFourthSampleIsLeftOut() throws Exception {
    assertThat(pixels(tiff(CIELAB, 8, false, 4))).isEqualTo(pixels(tiff(CIELAB, 8, false, 3)));
  }

  private static float[] pixels(byte[] file) throws UndecodableImageException {
    try (DecodePass pass = new DecodePass(DecodeLimits.DEFAULT, Preprocessing.REFERENCE, () -> 0)) {
      return pass.resized(file, View.WHOLE, SIDE).rgb().clone();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10, 8, 3, ITU L*a*b* colours",
    "8, 32, 3, L*a*b* colours of 32 bits",
    "8, 8, 1, L*a*b* colours in 1 samples a pixel",
    "4, 8, 1, a transparency mask",
    "32844, 16, 1, LogL colours",
    "32845, 16, 3, LogLuv colours",
    "777, 8, 3, colours of kind 777",
  })
  void coloursThatAreNotDecodedAreNamed(int photometric, int bits, int samples, String name) {
    byte[] file = tiff(photometric, bits, false, samples);
    assertThatThrownBy(() -> pixels(file))
        .isInstanceOfSatisfying(
            UndecodableImageException.class,
            refusal -> assertThat(refusal.fault()).isEqualTo(Fault.UNSUPPORTED_FORMAT))
        .hasMessage("TIFF with " + name + " is not decoded");
  }

  private static byte[] tiff(int photometric, int bits, boolean planes, int samples) {
    int bytes = bits / 8;
    int plane = SIDE * SIDE * bytes;
    int tags = 11;
    int directory = 8;
    int behind = directory + 2 + 12 * tags + 4;
    int lists = samples * 2 + samples * 4 * 2;
    int pixels = behind + lists;
    ByteBuffer file = ByteBuffer.allocate(pixels + plane * samples).order(ByteOrder.BIG_ENDIAN);
    file.put(new byte[] {'M', 'M', 0, 42}).putInt(directory).putShort((short) tags);
    short16(file, 256, SIDE);
    short16(file, 257, SIDE);
    if (samples > 2) {
      file.putShort((short) 258).putShort((short) 3).putInt(samples).putInt(behind);
    } else {
      short16(file, 258, bits);
    }
    short16(file, 259, 1);
    short16(file, 262, photometric);
    int strips = planes ? samples : 1;
    int offsets = behind + 2 * samples;
    int lengths = offsets + 4 * samples;
    int32(file, 273, strips, planes ? offsets : pixels);
    short16(file, 277, samples);
    short16(file, 278, SIDE);
    int32(file, 279, strips, planes ? lengths : plane * samples);
    short16(file, 284, planes ? 2 : 1);
    short16(file, samples > 3 ? 338 : 296, samples > 3 ? 0 : 1);
    file.putInt(0);
    for (int i = 0; i < samples; i++) {
      file.putShort(behind + 2 * i, (short) bits);
      file.putInt(offsets + 4 * i, pixels + plane * i);
      file.putInt(lengths + 4 * i, plane);
    }
    for (int i = 0; i < COLOURS.length; i++) {
      for (int channel = 0; channel < samples; channel++) {
        int value = channel < 3 ? sample(photometric, bits, channel, COLOURS[i][channel]) : 77;
        int at = pixels + (planes ? channel * plane + i * bytes : (i * samples + channel) * bytes);
        if (bytes == 1) {
          file.put(at, (byte) value);
        } else if (bytes == 2) {
          file.putShort(at, (short) value);
        }
      }
    }
    return file.array();
  }

  private static int sample(int photometric, int bits, int channel, int value) {
    boolean icc = photometric == ICCLAB || photometric == ITULAB;
    int eight = channel > 0 && icc ? value + 128 : value;
    if (bits == 8) {
      return eight;
    }
    return channel == 0 && !icc ? eight * 257 : eight * 256;
  }

  private static void short16(ByteBuffer file, int tag, int value) {
    file.putShort((short) tag).putShort((short) 3).putInt(1);
    file.putShort((short) value).putShort((short) 0);
  }

  private static void int32(ByteBuffer file, int tag, int count, int value) {
    file.putShort((short) tag).putShort((short) 4).putInt(count).putInt(value);
  }
}
