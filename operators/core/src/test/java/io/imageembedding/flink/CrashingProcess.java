// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import com.sun.jna.Function;
import io.imageembedding.batch.MicroBatch;
import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.TestingImages;
import io.imageembedding.embed.TestingModel;
import io.imageembedding.embedding.Refusal;
import io.imageembedding.image.ImageTensor;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescriptor;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;

/** A JVM in which the operator runs, with a model that aborts the process on one image. */
final class CrashingProcess {
  static final int KILLER = 6;
  private static final int IMAGES = 12;
  private static final int BATCH = 4;
  private static final String UNTIL_KILLED = "wait";

  private CrashingProcess() {}

  /** A process that runs the operator; what it says goes to a file {@code out} in the folder. */
  static Process start(Path folder, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@"
                    + Path.of(System.getProperty("image-embedding.project"))
                        .resolve("jobs/cli/src/main/launch/jvm.args"),
                "-Xmx256m",
                "-cp",
                absolute(System.getProperty("java.class.path")),
                CrashingProcess.class.getName(),
                folder.resolve("notes").toString()));
    command.addAll(Arrays.asList(arguments));
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectError(folder.resolve("err").toFile())
        .redirectOutput(folder.resolve("out").toFile())
        .start();
  }

  private static String absolute(String classpath) {
    return String.join(
        File.pathSeparator,
        Arrays.stream(classpath.split(File.pathSeparator))
            .map(entry -> new File(entry).getAbsolutePath())
            .toList());
  }

  /** Says each answer as {@code number code}, with the code OK for an embedding. */
  public static void main(String[] arguments) throws Exception {
    EmbedFunction<Integer> function =
        new EmbedFunction<>(
            new Numbered(arguments.length > 1 && arguments[1].equals(UNTIL_KILLED)),
            AbortingModel::new,
            null,
            EmbedSettings.ofBatches(BATCH),
            null,
            arguments[0]);
    try (var harness =
        new OneInputStreamOperatorTestHarness<MicroBatch<Integer>, MicroBatch<Embedded<Integer>>>(
            new StreamMap<>(function))) {
      harness.open();
      for (int from = 0; from < IMAGES; from += BATCH) {
        harness.processElement(
            new StreamRecord<>(
                new MicroBatch<>(
                    List.of(from, from + 1, from + 2, from + 3),
                    new long[BATCH],
                    FlushReason.COUNT)));
      }
      for (MicroBatch<Embedded<Integer>> batch : harness.extractOutputValues()) {
        for (Embedded<Integer> answer : batch.elements()) {
          String code = answer.outcome() instanceof Refusal refusal ? refusal.code() : "OK";
          System.out.println(answer.element() + " " + code);
        }
      }
    }
  }

  /** The image of a number has its level; its place is made of it. */
  private record Numbered(boolean waiting) implements ImageExtractor<Integer> {
    @Override
    public byte[] image(Integer number) {
      if (waiting && number == KILLER) {
        System.out.println("waiting");
        System.out.flush();
        try {
          Thread.currentThread().join();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      return TestingImages.solid(number);
    }

    @Override
    public String place(Integer number) {
      return "numbers/" + number;
    }
  }

  /** Says how many images it runs on, and ends the process by its native abort on one of them. */
  private static final class AbortingModel implements FeatureVectorModel {
    private final FeatureVectorModel model = TestingModel.SOUND.load();

    @Override
    public ModelDescriptor descriptor() {
      return model.descriptor();
    }

    @Override
    public float[][] embed(ImageTensor images) {
      float[][] vectors = model.embed(images);
      for (float[] vector : vectors) {
        if (vector[0] == KILLER) {
          System.out.println("aborts among " + vectors.length);
          System.out.flush();
          Function.getFunction("c", "abort").invokeVoid(new Object[0]);
        }
      }
      return vectors;
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
