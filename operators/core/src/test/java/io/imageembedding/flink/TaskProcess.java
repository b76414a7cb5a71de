// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import io.imageembedding.batch.MicroBatch;
import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.model.ModelSource;
import io.imageembedding.tensorflow.GraphSession;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.w3c.dom.Element;

/**
 * A JVM in which the operator runs, whose heap is there from the beginning: what its resident
 * memory grows by is native. Prints lines of kilobytes.
 */
final class TaskProcess {
  private static final int BATCH = 8;
  private static final int SLOTS = 2;
  private static final int PIXELS_OF_SMALL_IMAGES = 160;

  private TaskProcess() {}

  /** Resident kilobytes at the times when the process said them. */
  static List<Long> run(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@"
                    + Path.of(System.getProperty("image-embedding.project"))
                        .resolve("jobs/cli/src/main/launch/jvm.args"),
                "-Xms512m",
                "-Xmx512m",
                "-XX:+AlwaysPreTouch",
                "-cp",
                System.getProperty("java.class.path"),
                TaskProcess.class.getName()));
    command.addAll(Arrays.asList(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(Redirect.DISCARD);
    // As deploy/README.md has it for TaskManagers.
    builder.environment().put("MALLOC_ARENA_MAX", "2");
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new AssertionError("the process failed: " + out);
    }
    return out.lines().map(Long::valueOf).toList();
  }

  /**
   * The process itself.
   *
   * @param arguments {@code restarts STARTS IMAGES}: starts and stops two operators at once so
   *     often, in new threads, with so many images each time in each of the two, and says the
   *     memory after each stop; or {@code slots COUNT SIDE SAMPLING}: says the memory before, and
   *     the most while that many operators at once embed progressive JPEGs of so many pixels a
   *     side, with a quarter of the colours (sampling 2) or all of them (1)
   */
  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[1]);
    int size = Integer.parseInt(arguments[2]);
    if (arguments[0].equals("restarts")) {
      restarts(count, size);
    } else {
      slots(count, size, arguments[3]);
    }
    if (GraphSession.open() != 0) {
      throw new IllegalStateException(GraphSession.open() + " native graphs are open");
    }
  }

  private static void restarts(int starts, int images) throws Exception {
    List<byte[]> batch = Collections.nCopies(BATCH, jpeg(PIXELS_OF_SMALL_IMAGES, "2"));
    for (int start = 0; start < starts; start++) {
      together(SLOTS, ModelSource.parse("untrained:mobilenet_v2_0.35_96"), batch, images / BATCH);
      sayMemory();
    }
  }

  /** So many operators at once, in threads of their own, as a TaskManager has it. */
  private static void together(int count, ModelSource model, List<byte[]> batch, int batches)
      throws Exception {
    CountDownLatch begun = new CountDownLatch(count);
    List<Future<?>> slots = new ArrayList<>();
    var threads = Executors.newFixedThreadPool(count);
    for (int i = 0; i < count; i++) {
      slots.add(
          threads.submit(
              () -> {
                begun.countDown();
                begun.await();
                embed(model, batch, batches);
                return null;
              }));
    }
    for (Future<?> slot : slots) {
      slot.get();
    }
    threads.shutdown();
  }

  private static void slots(int count, int side, String sampling) throws Exception {
    List<byte[]> batch = Collections.nCopies(2, jpeg(side, sampling));
    sayMemory();
    together(count, ModelSource.parse("builtin"), batch, 1);
    System.out.println(kilobytes("VmHWM"));
  }

  private static void embed(ModelSource model, List<byte[]> batch, int batches) throws Exception {
    EmbedFunction<byte[]> function =
        new EmbedFunction<>(bytes -> bytes, model, null, EmbedSettings.ofBatches(BATCH));
    try (var harness =
        new OneInputStreamOperatorTestHarness<MicroBatch<byte[]>, MicroBatch<Embedded<byte[]>>>(
            new StreamMap<>(function))) {
      harness.open();
      for (int i = 0; i < batches; i++) {
        harness.processElement(
            new StreamRecord<>(new MicroBatch<>(batch, new long[batch.size()], FlushReason.COUNT)));
        for (Embedded<byte[]> answer : harness.extractOutputValues().get(0).elements()) {
          if (!(answer.outcome() instanceof Embedding)) {
            throw new IllegalStateException(answer.outcome().toString());
          }
        }
        harness.getOutput().clear();
      }
    }
  }

  private static byte[] jpeg(int side, String sampling) throws IOException {
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D canvas = image.createGraphics();
    canvas.setColor(Color.WHITE);
    canvas.fillOval(0, 0, side / 2, side / 2);
    canvas.dispose();
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpg").next();
    ImageWriteParam progressive = writer.getDefaultWriteParam();
    progressive.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(jpeg)) {
      writer.setOutput(out);
      IIOMetadata metadata =
          writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), progressive);
      Element root = (Element) metadata.getAsTree(metadata.getNativeMetadataFormatName());
      Element luminance = (Element) root.getElementsByTagName("componentSpec").item(0);
      luminance.setAttribute("HsamplingFactor", sampling);
      luminance.setAttribute("VsamplingFactor", sampling);
      metadata.setFromTree(metadata.getNativeMetadataFormatName(), root);
      writer.write(null, new IIOImage(image, null, metadata), progressive);
    } finally {
      writer.dispose();
    }
    return jpeg.toByteArray();
  }

  private static void sayMemory() throws IOException {
    System.out.println(kilobytes("VmRSS"));
  }

  private static long kilobytes(String what) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(what + ":"))
        .map(line -> Long.valueOf(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
