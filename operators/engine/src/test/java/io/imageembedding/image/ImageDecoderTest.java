// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import io.imageembedding.image.UndecodableImageException.Fault;
import io.imageembedding.testing.TestData;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
  private static final ImageDecoder DECODER =
      new ImageDecoder(DecodeLimits.DEFAULT, Preprocessing.REFERENCE);

  @AfterAll
  static void close() {
    DECODER.close();
  }

  @Test
  void pixelsAreBitForBitThoseOfTensorFlowsOwnPipeline() throws Exception {
    int compared = 0;
    try (ReferencePipeline pipeline = new ReferencePipeline();
        Stream<Path> files = Files.walk(TestData.path("images"))) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        byte[] encoded = Files.readAllBytes(file);
        for (int size : new int[] {224, 96, 7}) {
          float[] expected = pipeline.decode(encoded, size);
          if (expected != null) {
            assertThat(decode(DECODER, encoded, size))
                .as("%s at %s", file.getFileName(), size)
                .isEqualTo(expected);
            compared++;
          }
        }
      }
    }
    assertThat(compared).isGreaterThan(50);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 9", "9, 1", "3, 500", "224, 224", "223, 225", "17, 33"})
  void resizingEqualsTensorFlowsForOddShapesUpAndDown(int width, int height) throws Exception {
    byte[] png = encode(noise(width, height, BufferedImage.TYPE_INT_RGB), "png");
    try (ReferencePipeline pipeline = new ReferencePipeline()) {
      for (int size : new int[] {1, 5, 224}) {
        assertThat(decode(DECODER, png, size)).isEqualTo(pipeline.decode(png, size));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "truncated_jpeg.jpg, TRUNCATED",
    "truncated_image.png, TRUNCATED",
    "broken_data_stream.png, CORRUPT",
    "decompression_bomb.gif, TOO_LARGE",
    "LICENSE-pillow.txt, NOT_AN_IMAGE",
  })
  void aBrokenFileIsRefusedByItsFault(String name, Fault fault) throws IOException {
    assertThat(fault(Files.readAllBytes(TestData.path("images/hostile/" + name)))).isEqualTo(fault);
  }

  @Test
  void whatIsNoImageIsToldFromWhatIsNotDecoded() {
    assertThat(fault(new byte[0])).isEqualTo(Fault.EMPTY);
    assertThat(fault(new byte[100])).isEqualTo(Fault.NOT_AN_IMAGE);
    assertThat(fault("BMW is a car, and this is a text".getBytes(UTF_8)))
        .isEqualTo(Fault.NOT_AN_IMAGE);
    assertThat(fault("\0\0\0\u0018ftypheic\0\0\0\0".getBytes(UTF_8)))
        .isEqualTo(Fault.UNSUPPORTED_FORMAT);
    assertThat(fault("<?xml version='1.0'?><svg width='1'/>".getBytes(UTF_8)))
        .isEqualTo(Fault.UNSUPPORTED_FORMAT);
  }

  @Test
  void webpAndTiffOfTheFixturesAreDecoded() throws Exception {
    for (String name : List.of("hopper.webp", "simple-gray.webp")) {
      float[] pixels =
          decode(DECODER, Files.readAllBytes(TestData.path("images/hostile/" + name)), 224);
      assertThat(pixels).as(name).isNotNull();
      assertThat(spread(pixels)).as(name).isGreaterThan(0.3);
    }
    // Its samples are from 106 to 285 of 65535: the upper eight bits are 0 or 1.
    assertThat(decode(DECODER, hostile("16_bit_noise.tif"), 32))
        .containsOnly(0f, (float) (1.0 / 255));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hopper.webp"})
  void webpShowsTheSamePictureAsTheJpeg(String name) throws Exception {
    float[] webp = decode(DECODER, hostile(name), 64);
    float[] jpeg = decode(DECODER, hostile("hopper.jpg"), 64);
    double sum = 0;
    for (int i = 0; i < webp.length; i++) {
      sum += Math.abs(webp[i] - jpeg[i]);
    }
    assertThat(sum / webp.length).isLessThan(0.05);
  }

  @ParameterizedTest
  @CsvSource({
    "tiff, 1",
    "tiff, 10",
    "tiff, 11",
    "tiff, 12",
    "tiff, 13",
    "bmp, 1",
    "bmp, 10",
    "bmp, 12",
    "bmp, 13",
    "bmp, 9"
  })
  void losslessFilesOfEveryPixelTypeHaveThePixelsOfTheirPng(String format, int type)
      throws Exception {
    BufferedImage image = noise(40, 30, type);
    byte[] encoded = encode(image, format);
    byte[] png = encode(image, "png");
    float[] expected = decode(DECODER, png, 40);

    float[] found = decode(DECODER, encoded, 40);

    assertThat(found).isNotNull();
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).isCloseTo(expected[i], org.assertj.core.data.Offset.offset(1e-6f));
    }
  }

  @Test
  void ofAnimationsTheFirstFrameCounts() throws Exception {
    byte[] animated = hostile("animated_hopper.gif");
    ImageHeader header = new GifFormat().header(new EncodedBytes(animated), 1000);
    assertThat(header.frames()).isGreaterThan(1);
    ImageDecoder oneFrame =
        new ImageDecoder(
            new DecodeLimits(1 << 20, 1000, 1000, 1_000_000, 1), Preprocessing.REFERENCE);
    try (oneFrame) {
      assertThat(fault(oneFrame, animated)).isEqualTo(Fault.TOO_LARGE);
    }
  }

  @Test
  void everyLimitIsChecked() throws IOException {
    byte[] png = encode(noise(40, 30, BufferedImage.TYPE_INT_RGB), "png");
    for (DecodeLimits limits :
        List.of(
            new DecodeLimits(png.length - 1, 40, 30, 1200, 1),
            new DecodeLimits(png.length, 39, 30, 1200, 1),
            new DecodeLimits(png.length, 40, 29, 1200, 1),
            new DecodeLimits(png.length, 40, 30, 1199, 1))) {
      try (ImageDecoder decoder = new ImageDecoder(limits, Preprocessing.REFERENCE)) {
        assertThat(fault(decoder, png)).as(limits.toString()).isEqualTo(Fault.TOO_LARGE);
      }
    }
    DecodeLimits exact = new DecodeLimits(png.length, 40, 30, 1200, 1);
    try (ImageDecoder decoder = new ImageDecoder(exact, Preprocessing.REFERENCE)) {
      assertThat(fault(decoder, png)).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Landscape_2.jpg", "Landscape_4.jpg", "Landscape_6.jpg", "Landscape_8.jpg"})
  void appliedOrientationShowsThePictureUpright(String name) throws Exception {
    byte[] upright = Files.readAllBytes(TestData.path("images/exif/Landscape_1.jpg"));
    byte[] turned = Files.readAllBytes(TestData.path("images/exif/" + name));
    try (ImageDecoder applying =
        new ImageDecoder(
            DecodeLimits.DEFAULT, new Preprocessing(Orientation.APPLY, JpegDecoding.EXACT))) {
      float[] expected = decode(DECODER, upright, 64);
      assertThat(meanDifference(decode(applying, turned, 64), expected)).isLessThan(0.02);
      assertThat(meanDifference(decode(DECODER, turned, 64), expected)).isGreaterThan(0.1);
    }
  }

  @Test
  void badExifDoesNotMakeABadImage() throws Exception {
    try (ImageDecoder applying =
        new ImageDecoder(
            DecodeLimits.DEFAULT, new Preprocessing(Orientation.APPLY, JpegDecoding.EXACT))) {
      assertThat(fault(applying, hostile("hopper_bad_exif.jpg"))).isNull();
    }
  }

  @Test
  void aFileThatIsCutAnywhereIsNeverAnythingButRefusedOrDecoded() throws Exception {
    for (byte[] whole : samples()) {
      Random random = new Random(whole.length);
      for (int i = 0; i < 60; i++) {
        int length = i < 30 ? 12 + i : 12 + random.nextInt(whole.length - 12);
        Fault fault = fault(Arrays.copyOf(whole, length));
        assertThat(fault).isIn(null, Fault.TRUNCATED, Fault.CORRUPT, Fault.NOT_AN_IMAGE);
      }
    }
  }

  @Test
  void aFileThatIsCutInItsPixelsIsTruncated() throws Exception {
    for (byte[] whole : samples()) {
      Fault fault = fault(Arrays.copyOf(whole, whole.length / 2));
      assertThat(fault)
          .as("begins " + Arrays.toString(Arrays.copyOf(whole, 4)))
          .isEqualTo(Fault.TRUNCATED);
    }
  }

  @Test
  void whateverTheBytesAreOnlyAFaultOrPixelsInRangeComeOut() throws Exception {
    for (byte[] whole : samples()) {
      Random random = new Random(whole.length);
      for (int i = 0; i < 150; i++) {
        byte[] mutant = whole.clone();
        int changes = 1 + random.nextInt(8);
        for (int change = 0; change < changes; change++) {
          int most = random.nextBoolean() ? Math.min(200, mutant.length) : mutant.length;
          mutant[random.nextInt(most)] = (byte) random.nextInt(256);
        }
        try (ImageTensor tensor = new ImageTensor(16, 1)) {
          DECODER.decode(mutant, tensor);
          for (float value : read(tensor)) {
            assertThat(value).isBetween(0f, 1f);
          }
        } catch (UndecodableImageException e) {
          assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
        }
      }
    }
  }

  @Test
  void ofAWebpOnlyTheColoursOfTheFirstFrameCount() throws Exception {
    byte[] file = resource("two-frames-alpha.webp");
    float[] pixels = decode(DECODER, file, 8);
    for (int i = 0; i < pixels.length; i += 3) {
      assertThat(pixels[i]).isGreaterThan(0.7f);
      assertThat(pixels[i + 1]).isLessThan(0.2f);
    }
    int alpha = new String(file, ISO_8859_1).indexOf("ALPH") + 8;
    Arrays.fill(file, alpha, alpha + 10, (byte) 0xff);
    assertThat(decode(DECODER, file, 8)).isEqualTo(pixels);
  }

  @Test
  void whatNoHeapCanTakeIsTooLargeWhateverTheLimits() throws Exception {
    byte[] file = resource("two-frames-alpha.webp");
    Arrays.fill(file, 24, 27, (byte) 0);
    Arrays.fill(file, 27, 30, (byte) 0);
    file[25] = 0x7f;
    file[28] = 0x7f;
    DecodeLimits none =
        new DecodeLimits(1 << 30, 65_535, 65_535, 1L << 40, DecodeLimits.DEFAULT.maxFrames());
    try (ImageDecoder decoder = new ImageDecoder(none, Preprocessing.REFERENCE)) {
      assertThat(fault(decoder, file)).isEqualTo(Fault.TOO_LARGE);
    }
  }

  private static byte[] resource(String name) throws IOException {
    return ImageDecoderTest.class.getResourceAsStream(name).readAllBytes();
  }

  private static List<byte[]> samples() throws IOException {
    BufferedImage image = noise(60, 50, BufferedImage.TYPE_INT_RGB);
    return List.of(
        encode(image, "png"),
        encode(image, "jpg"),
        encode(image, "gif"),
        encode(image, "bmp"),
        encode(image, "tiff"),
        encode(noise(60, 50, BufferedImage.TYPE_BYTE_INDEXED), "bmp"),
        resource("noise.webp"),
        resource("two-frames-alpha.webp"));
  }

  private static byte[] hostile(String name) throws IOException {
    return Files.readAllBytes(TestData.path("images/hostile/" + name));
  }

  private static Fault fault(byte[] encoded) {
    return fault(DECODER, encoded);
  }

  private static Fault fault(ImageDecoder decoder, byte[] encoded) {
    try (ImageTensor tensor = new ImageTensor(8, 1)) {
      try {
        decoder.decode(encoded, tensor);
        assertThat(tensor.count()).isEqualTo(1);
        return null;
      } catch (UndecodableImageException e) {
        assertThat(tensor.count()).isZero();
        return e.fault();
      }
    }
  }

  private static float[] decode(ImageDecoder decoder, byte[] encoded, int size)
      throws UndecodableImageException {
    try (ImageTensor tensor = new ImageTensor(size, 1)) {
      decoder.decode(encoded, tensor);
      return read(tensor);
    }
  }

  private static float[] read(ImageTensor tensor) {
    float[] values = new float[tensor.size() * tensor.size() * 3];
    tensor.tensor().asRawTensor().data().asFloats().read(values);
    return values;
  }

  private static double meanDifference(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += Math.abs(a[i] - b[i]);
    }
    return sum / a.length;
  }

  private static double spread(float[] values) {
    float least = 1;
    float most = 0;
    for (float value : values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    return most - least;
  }

  private static BufferedImage noise(int width, int height, int type) {
    Random random = new Random(width * 31L + height);
    BufferedImage image = new BufferedImage(width, height, type);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, random.nextInt());
      }
    }
    return image;
  }

  private static byte[] encode(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, out)).as(format).isTrue();
    return out.toByteArray();
  }

  @Test
  void aScaledJpegIsNearTheExactOneAndASmallOneIsEqual() throws Exception {
    byte[] large = Files.readAllBytes(TestData.path("images/photos/cat_1080p.jpg"));
    byte[] small = Files.readAllBytes(TestData.path("finetune/images/cat/1.jpg"));
    try (ImageDecoder scaled =
        new ImageDecoder(
            DecodeLimits.DEFAULT, new Preprocessing(Orientation.IGNORE, JpegDecoding.SCALED))) {
      assertThat(meanDifference(decode(scaled, large, 224), decode(DECODER, large, 224)))
          .isBetween(1e-4, 0.05);
      assertThat(decode(scaled, small, 224)).isEqualTo(decode(DECODER, small, 224));
    }
  }

  @Test
  void aCentredTensorHasTheSamePixelsBetweenMinusOneAndOne() throws Exception {
    byte[] encoded = Files.readAllBytes(TestData.path("images/photos/coffee.png"));
    try (ImageTensor plain = new ImageTensor(96, 1);
        ImageTensor centred = ImageTensor.centred(96, 1)) {
      DECODER.decode(encoded, plain);
      DECODER.decode(encoded, centred);
      float[] expected = new float[96 * 96 * 3];
      float[] actual = new float[96 * 96 * 3];
      plain.tensor().asRawTensor().data().asFloats().read(expected);
      centred.tensor().asRawTensor().data().asFloats().read(actual);
      for (int i = 0; i < expected.length; i++) {
        assertThat(actual[i]).isEqualTo(expected[i] * 2 - 1);
      }
    }
  }
}
