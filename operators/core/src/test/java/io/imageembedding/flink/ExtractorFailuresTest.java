// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.embed.TestingImages;
import io.imageembedding.embed.TestingModel;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Refusal;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Elements by which the code of a user fails, in jobs on Flink's own small cluster. */
class ExtractorFailuresTest {
  private static final List<String> ELEMENTS =
      List.of("5", "file", "no number", "null", "deep", "huge", "cut", "7");

  /** As users write them: whatever an element makes of it. */
  private static byte[] image(String element) throws IOException {
    return switch (element) {
      case "file" -> throw new NoSuchFileException("/photos/gone.jpg");
      case "null" -> null;
      case "deep" -> throw new StackOverflowError();
      case "huge" -> throw new OutOfMemoryError("Required array size too large");
      default -> TestingImages.solid(Integer.parseInt(element.replace("cut", "999x")));
    };
  }

  private static ImageEmbedding<String> embedding(ImageExtractor<String> extractor) {
    return ImageEmbedding.of(extractor)
        .model(TestingModel.SOUND)
        .batches(new BatchPolicy(4, 1 << 20, Duration.ofMillis(50)))
        .crashFence(FenceOptions.NONE);
  }

  private static List<Embedded<String>> answers(ImageEmbedding<String> embedding) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1);
    DataStream<Embedded<String>> answers = embedding.embed(env.fromData(ELEMENTS));
    try (CloseableIterator<Embedded<String>> all = answers.executeAndCollect()) {
      Stream.Builder<Embedded<String>> collected = Stream.builder();
      all.forEachRemaining(collected);
      return collected.build().toList();
    }
  }

  @Test
  void anElementThatMakesItsExtractorFailIsRefusedAndTheOthersGoOn() throws Exception {
    List<Embedded<String>> answers = answers(embedding(ExtractorFailuresTest::image));

    assertThat(answers).extracting(Embedded::element).containsExactlyElementsOf(ELEMENTS);
    assertThat(answers)
        .extracting(
            answer ->
                answer.outcome() instanceof Refusal refusal
                    ? refusal.stage() + " " + refusal.code() + " " + refusal.message()
                    : "embedded")
        .containsExactly(
            "embedded",
            "WIRE EXTRACTOR_FAILED java.nio.file.NoSuchFileException: /photos/gone.jpg",
            "WIRE EXTRACTOR_FAILED java.lang.NumberFormatException: For input string: \"no"
                + " number\"",
            "WIRE EXTRACTOR_FAILED the extractor gave null",
            "WIRE EXTRACTOR_FAILED java.lang.StackOverflowError",
            "WIRE EXTRACTOR_FAILED java.lang.OutOfMemoryError: Required array size too large",
            "WIRE EXTRACTOR_FAILED java.lang.NumberFormatException: For input string: \"999x\"",
            "embedded");
  }

  @Test
  void theJobFailsByAnExtractorsExceptionWhereThatIsChosen() {
    assertThatThrownBy(
            () -> answers(embedding(ExtractorFailuresTest::image).failOnExtractorException()))
        .hasStackTraceContaining("NoSuchFileException: /photos/gone.jpg");
  }

  @Test
  void whatAnExtractorSaysIsNotTheElementsFaultFailsTheTask() {
    ImageExtractor<String> asking =
        new Extractor() {
          private static final long serialVersionUID = 1L;

          @Override
          public boolean isElementsFault(Exception failure) {
            return !(failure instanceof NoSuchFileException);
          }
        };

    assertThatThrownBy(() -> answers(embedding(asking)))
        .hasStackTraceContaining("NoSuchFileException: /photos/gone.jpg");
  }

  @ParameterizedTest
  @ValueSource(strings = {"read", "size", "place"})
  void anElementIsAnsweredThoughWhatElseTheExtractorSaysOfItFails(String method) throws Exception {
    ImageExtractor<String> failing =
        new Extractor() {
          private static final long serialVersionUID = 1L;

          private void fail(String where, String element) {
            if (where.equals(method) && element.equals("7")) {
              throw new IllegalArgumentException(where);
            }
          }

          @Override
          public String read(String element) {
            fail("read", element);
            return element;
          }

          @Override
          public long size(String element) {
            fail("size", element);
            return 1;
          }

          @Override
          public String place(String element) {
            fail("place", element);
            return element;
          }
        };
    // With a fence, which asks for places.
    List<Embedded<String>> answers = answers(embedding(failing).crashFence(null));

    assertThat(answers).hasSize(ELEMENTS.size());
    assertThat(answers.get(ELEMENTS.indexOf("7")).outcome()).isInstanceOf(Embedding.class);
  }

  @Test
  void anInterruptedExtractorRefusesNothing() throws Exception {
    GuardedExtractor<String> guarded =
        new GuardedExtractor<>(
            element -> {
              Thread.currentThread().interrupt();
              throw new ClosedByInterruptException();
            });
    guarded.open();

    assertThatThrownBy(() -> guarded.image("5")).isInstanceOf(ClosedByInterruptException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  private static class Extractor implements ImageExtractor<String> {
    private static final long serialVersionUID = 1L;

    @Override
    public byte[] image(String element) throws IOException {
      return ExtractorFailuresTest.image(element);
    }
  }
}
