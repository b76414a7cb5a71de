// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.batch.MicroBatch;
import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.TestingModel;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.DecodeLimits;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.image.Preprocessing.JpegDecoding;
import io.imageembedding.image.Preprocessing.Orientation;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.StreamSupport;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that were changed in their bytes and in their structure (lengths, counts, offsets, the
 * order and the number of parts) are answered with an embedding or a refusal, in time, and their
 * neighbours in a batch as if they were not there. {@code -Dmutants=N} makes more of them, and
 * {@code -Dmutants.seed=N} others; how long the slowest took is printed.
 */
class MutantsTest {
  private static final int MUTANTS = Integer.getInteger("mutants", 5000);
  private static final long SEED = Long.getLong("mutants.seed", 1);
  private static final int BATCH = 8;

  /** Beside what an image may take: for the network, and for a machine that does other things. */
  private static final Duration SLACK = Duration.ofSeconds(20);

  /** When images were asked for, and the last answer was there. */
  private static final List<Long> TIMES = new ArrayList<>();

  private static final long[] TELLING = {
    0,
    1,
    2,
    3,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0xffffff,
    0x7fffffff,
    0x80000000L,
    0xffffffffL
  };

  @ParameterizedTest
  @ValueSource(strings = {"jpeg", "png", "gif", "bmp", "webp", "tiff"})
  void aMutantIsAnsweredInTimeAndDoesNotHurtItsNeighbours(String format) throws Exception {
    List<byte[]> samples = samples(format);
    EmbedSettings settings =
        new EmbedSettings(
            new Preprocessing(Orientation.APPLY, JpegDecoding.EXACT),
            new DecodeLimits(64L << 20, 32_767, 32_767, 4_000_000, 1000),
            BATCH,
            5,
            0);
    Random random = new Random(SEED * 31 + format.hashCode());
    long slowest = 0;
    int embedded = 0;
    EmbedFunction<byte[]> function =
        new EmbedFunction<>(
            bytes -> {
              TIMES.add(System.nanoTime());
              return bytes;
            },
            TestingModel.SOUND,
            null,
            settings);
    try (var operator =
        new OneInputStreamOperatorTestHarness<MicroBatch<byte[]>, MicroBatch<Embedded<byte[]>>>(
            new StreamMap<>(function))) {
      operator.open();
      float level = level(answers(operator, List.of(samples.get(0))).get(0));
      for (int done = 0; done < MUTANTS; done += BATCH - 1) {
        List<byte[]> batch = new ArrayList<>();
        for (int i = 0; i < BATCH - 1; i++) {
          batch.add(mutant(samples, random));
        }
        batch.add(done / (BATCH - 1) % BATCH, samples.get(0));
        TIMES.clear();
        List<Outcome> outcomes = answers(operator, batch);
        TIMES.add(System.nanoTime());
        assertThat(TIMES).hasSize(BATCH + 1);
        for (int i = 0; i < BATCH; i++) {
          slowest = Math.max(slowest, TIMES.get(i + 1) - TIMES.get(i));
        }
        assertThat(outcomes).hasSize(BATCH);
        assertThat(level(outcomes.get(done / (BATCH - 1) % BATCH))).isEqualTo(level);
        for (Outcome outcome : outcomes) {
          if (outcome instanceof Refusal refusal) {
            assertThat(refusal.stage()).isEqualTo(Refusal.Stage.IMAGE);
            assertThat(refusal.message()).isNotBlank().doesNotContain("\n");
          } else {
            embedded++;
          }
        }
      }
    }
    System.out.printf(
        "%d mutants of %s, seed %d: %d of %d embedded, the slowest answer after %d ms, %s%n",
        MUTANTS,
        format,
        SEED,
        embedded,
        (MUTANTS + BATCH - 2) / (BATCH - 1) * BATCH,
        Duration.ofNanos(slowest).toMillis(),
        peakMemory());
    assertThat(Duration.ofNanos(slowest)).isLessThan(settings.limits().maxTime().plus(SLACK));
    assertThat(embedded).isGreaterThan(MUTANTS / BATCH);
  }

  /** Of the process. */
  private static String peakMemory() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .findFirst()
        .orElseThrow()
        .replaceAll("\\s+", " ");
  }

  static List<Outcome> answers(
      OneInputStreamOperatorTestHarness<MicroBatch<byte[]>, MicroBatch<Embedded<byte[]>>> operator,
      List<byte[]> batch)
      throws Exception {
    operator.processElement(
        new StreamRecord<>(new MicroBatch<>(batch, new long[batch.size()], FlushReason.COUNT)));
    List<Outcome> outcomes =
        operator.extractOutputValues().get(0).elements().stream().map(Embedded::outcome).toList();
    operator.getOutput().clear();
    return outcomes;
  }

  private static float level(Outcome outcome) {
    return ((Embedding) outcome).vector()[0];
  }

  private static byte[] mutant(List<byte[]> samples, Random random) {
    byte[] mutant = samples.get(random.nextInt(samples.size())).clone();
    for (int change = random.nextInt(3); change >= 0 && mutant.length > 16; change--) {
      int at = random.nextInt(random.nextBoolean() ? Math.min(256, mutant.length) : mutant.length);
      int other = random.nextInt(mutant.length);
      int length = 1 + random.nextInt(Math.min(64, mutant.length - Math.max(at, other)));
      switch (random.nextInt(7)) {
        case 0 -> mutant[at] = (byte) random.nextInt(256);
        case 1, 2 -> mutant = withNumber(mutant, at, random);
        case 3 -> System.arraycopy(mutant.clone(), other, mutant, at, length);
        case 4 -> mutant = join(mutant, 0, at, mutant, at + length, mutant.length);
        case 5 -> mutant = repeated(mutant, at, length, 1 + random.nextInt(200));
        default -> {
          byte[] from = samples.get(random.nextInt(samples.size()));
          mutant = join(mutant, 0, at, from, Math.min(at, from.length), from.length);
        }
      }
    }
    return random.nextInt(10) == 0 ? Arrays.copyOf(mutant, random.nextInt(mutant.length)) : mutant;
  }

  private static byte[] withNumber(byte[] file, int at, Random random) {
    ByteBuffer buffer = ByteBuffer.wrap(file);
    buffer.order(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    long value = random.nextBoolean() ? TELLING[random.nextInt(TELLING.length)] : file.length - at;
    if (random.nextBoolean() && at + 2 <= file.length) {
      buffer.putShort(at, (short) value);
    } else if (at + 4 <= file.length) {
      buffer.putInt(at, (int) value);
    }
    return file;
  }

  private static byte[] repeated(byte[] file, int at, int length, int times) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(file, 0, at);
    for (int i = 0; i < times; i++) {
      out.write(file, at, length);
    }
    out.write(file, at, file.length - at);
    return out.toByteArray();
  }

  private static byte[] join(byte[] a, int aFrom, int aTo, byte[] b, int bFrom, int bTo) {
    byte[] joined = new byte[aTo - aFrom + bTo - bFrom];
    System.arraycopy(a, aFrom, joined, 0, aTo - aFrom);
    System.arraycopy(b, bFrom, joined, aTo - aFrom, bTo - bFrom);
    return joined;
  }

  private static List<byte[]> samples(String format) throws IOException {
    BufferedImage colours = noise(BufferedImage.TYPE_INT_RGB);
    BufferedImage palette = noise(BufferedImage.TYPE_BYTE_INDEXED);
    BufferedImage grey = noise(BufferedImage.TYPE_BYTE_GRAY);
    return switch (format) {
      case "jpeg" ->
          List.of(
              encoded(colours, "jpeg", null, false, false),
              encoded(colours, "jpeg", null, true, false),
              encoded(grey, "jpeg", null, true, false));
      case "png" ->
          List.of(
              encoded(colours, "png", null, false, false),
              encoded(palette, "png", null, true, false),
              encoded(noise(BufferedImage.TYPE_4BYTE_ABGR), "png", null, false, false));
      case "gif" ->
          List.of(
              encoded(palette, "gif", null, false, false), encoded(grey, "gif", null, true, false));
      case "bmp" ->
          List.of(
              encoded(colours, "bmp", null, false, false),
              encoded(palette, "bmp", "BI_RGB", false, false),
              encoded(palette, "bmp", "BI_RLE8", false, false),
              encoded(noise(BufferedImage.TYPE_USHORT_565_RGB), "bmp", null, false, false));
      case "webp" ->
          List.of(
              resource("noise.webp"),
              resource("two-frames-alpha.webp"),
              resource("lossless/photo-1.webp"),
              resource("lossless/pal-1.webp"),
              resource("lossless/noise-1.webp"));
      default ->
          List.of(
              encoded(colours, "tiff", null, false, false),
              encoded(colours, "tiff", "LZW", false, true),
              encoded(palette, "tiff", "Deflate", false, false),
              encoded(grey, "tiff", "PackBits", false, false),
              encoded(colours, "tiff", "JPEG", false, true),
              encoded(noise(BufferedImage.TYPE_BYTE_BINARY), "tiff", "CCITT T.6", false, false));
    };
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in =
        MutantsTest.class.getResourceAsStream("/io/imageembedding/image/" + name)) {
      return in.readAllBytes();
    }
  }

  private static BufferedImage noise(int type) {
    Random random = new Random(type);
    BufferedImage image = new BufferedImage(48, 40, type);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        image.setRGB(x, y, 0xff000000 | random.nextInt(0xff) * (x < 24 ? 0x010101 : 0x030201));
      }
    }
    return image;
  }

  /** The JDK's, which knows more than that of the plug-in. */
  private static ImageWriter writer(String format) {
    Iterable<ImageWriter> writers = () -> ImageIO.getImageWritersByFormatName(format);
    return StreamSupport.stream(writers.spliterator(), false)
        .filter(writer -> writer.getClass().getName().startsWith("com.sun."))
        .findFirst()
        .orElseThrow();
  }

  private static byte[] encoded(
      BufferedImage image, String format, String compression, boolean progressive, boolean tiled)
      throws IOException {
    ImageWriter writer = writer(format);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
      ImageWriteParam param = writer.getDefaultWriteParam();
      if (compression != null) {
        param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        param.setCompressionType(compression);
      }
      if (progressive) {
        param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
      }
      if (tiled) {
        param.setTilingMode(ImageWriteParam.MODE_EXPLICIT);
        param.setTiling(32, 32, 0, 0);
      }
      writer.setOutput(stream);
      writer.write(null, new IIOImage(image, null, null), param);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }
}
