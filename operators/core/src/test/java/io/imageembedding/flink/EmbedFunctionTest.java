// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.batch.MicroBatch;
import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.ElementRefusedException;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.TestingImages;
import io.imageembedding.embed.TestingModel;
import io.imageembedding.embedding.Embedding;
import io.imageembedding.embedding.Outcome;
import io.imageembedding.model.FeatureVectorModel;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.ModelException;
import io.imageembedding.model.ModelSource;
import io.imageembedding.model.Precision;
import io.imageembedding.model.UnsupportedPrecisionException;
import java.util.List;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class EmbedFunctionTest {

  @Test
  void everyElementOfABatchIsAnsweredInOrderWithItsTimestamp() throws Exception {
    try (var harness = harness(function("f00d"))) {
      harness.open();
      MicroBatch<byte[]> batch =
          new MicroBatch<>(
              List.of(TestingImages.solid(5), new byte[0], TestingImages.solid(7)),
              new long[] {3, 1, 2},
              FlushReason.AGE);
      harness.processElement(new StreamRecord<>(batch));

      MicroBatch<Embedded<byte[]>> answers = harness.extractOutputValues().get(0);
      assertThat(answers.flushReason()).isEqualTo(FlushReason.AGE);
      assertThat(answers.elements())
          .extracting(Embedded::element)
          .containsExactlyElementsOf(batch.elements());
      assertThat(answers.elements())
          .extracting(answer -> answer.outcome() instanceof Embedding)
          .containsExactly(true, false, true);
      assertThat(List.of(answers.timestamp(0), answers.timestamp(1), answers.timestamp(2)))
          .containsExactly(3L, 1L, 2L);
    }
  }

  @Test
  void anElementGoesOnAsItsExtractorHasReadItWhetherItHadAnImageOrNot() throws Exception {
    ImageExtractor<String> extractor =
        new ImageExtractor<>() {
          private static final long serialVersionUID = 1L;

          @Override
          public byte[] image(String element) throws ElementRefusedException {
            if (element.equals("none")) {
              throw new ElementRefusedException("MISSING_IMAGE", "there is none");
            }
            return TestingImages.solid(5);
          }

          @Override
          public String read(String element) {
            return "read " + element;
          }
        };
    var function =
        new EmbedFunction<>(extractor, TestingModel.SOUND, null, EmbedSettings.ofBatches(4));
    try (var harness =
        new OneInputStreamOperatorTestHarness<MicroBatch<String>, MicroBatch<Embedded<String>>>(
            new StreamMap<>(function))) {
      harness.open();
      harness.processElement(
          new StreamRecord<>(
              new MicroBatch<>(List.of("a", "none"), new long[] {1, 2}, FlushReason.AGE)));

      assertThat(harness.extractOutputValues().get(0).elements())
          .extracting(Embedded::element)
          .containsExactly("read a", "read none");
    }
  }

  @Test
  void aModelOfOtherContentThanTheJobWasBuiltWithFailsTheTask() throws Exception {
    int before = TestingModel.OPEN.get();
    try (var harness = harness(function("beef"))) {
      assertThatThrownBy(harness::open)
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("f00d")
          .hasMessageContaining("beef");
    }
    assertThat(TestingModel.OPEN.get()).isEqualTo(before);
  }

  @Test
  void theModelIsLoadedOnOpenAndGivenBackOnClose() throws Exception {
    int before = TestingModel.OPEN.get();
    var harness = harness(function(null));
    assertThat(TestingModel.OPEN.get()).isEqualTo(before);
    harness.open();
    assertThat(TestingModel.OPEN.get()).isEqualTo(before + 1);
    harness.close();
    assertThat(TestingModel.OPEN.get()).isEqualTo(before);
  }

  @Test
  void aRestoredJobKeepsThePrecisionThatWasMeasured() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = harness(function(new InPrecision(Precision.AUTO), built("bf16")))) {
      harness.open();
      assertThat(precision(harness)).isEqualTo("bf16");
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = harness(function(new InPrecision(Precision.AUTO), built("fp32")))) {
      harness.initializeState(snapshot);
      harness.open();
      assertThat(precision(harness)).isEqualTo("bf16");
    }
  }

  @Test
  void aPrecisionThatIsAskedForWinsOverTheRestoredOne() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = harness(function(new InPrecision(Precision.BF16), built("bf16")))) {
      harness.open();
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = harness(function(new InPrecision(Precision.FP32), built("fp32")))) {
      harness.initializeState(snapshot);
      harness.open();
      assertThat(precision(harness)).isEqualTo("fp32");
    }
  }

  @Test
  void aRestoredJobWithAnotherModelRunsInWhatWasMeasuredForThat() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = harness(function(new InPrecision(Precision.AUTO), built("bf16")))) {
      harness.open();
      snapshot = harness.snapshot(1, 1);
    }
    ModelDescriptor another =
        new ModelDescriptor("another", "beef", TestingModel.SIZE, 2, "fp32", 1);
    ModelSource source = new OnlyFp32(another);
    try (var harness = harness(function(source, another))) {
      harness.initializeState(snapshot);
      harness.open();
      assertThat(precision(harness)).isEqualTo("fp32");
    }
  }

  @Test
  void aRestoredPrecisionThatTheModelDoesNotHaveSaysWhatToSet() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness = harness(function(new InPrecision(Precision.AUTO), built("bf16")))) {
      harness.open();
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = harness(function(new OnlyFp32(built("fp32")), built("fp32")))) {
      harness.initializeState(snapshot);
      assertThatThrownBy(harness::open)
          .isInstanceOf(NoRestartException.class)
          .hasMessage(
              "model testing has no bf16; the job ran in bf16 before, as was measured then; with"
                  + " image-embedding.model.precision: fp32 it goes on, with vectors of another"
                  + " space");
    }
  }

  @Test
  void unionStateOfAnEarlierBuildIsRefusedSayingWhatToDo() throws Exception {
    OperatorSubtaskState snapshot;
    try (var harness =
        new OneInputStreamOperatorTestHarness<Integer, Integer>(
            new StreamMap<>(new InUnionState()))) {
      harness.open();
      snapshot = harness.snapshot(1, 1);
    }
    try (var harness = harness(function(new InPrecision(Precision.AUTO), built("fp32")))) {
      assertThatThrownBy(() -> harness.initializeState(snapshot))
          .isInstanceOf(NoRestartException.class)
          .hasMessageContaining("earlier build")
          .hasMessageContaining("start the job without it")
          .hasMessageContaining("image-embedding.model.precision: bf16");
    }
  }

  /** Keeps its state as earlier builds of the operator did. */
  private static final class InUnionState extends RichMapFunction<Integer, Integer>
      implements CheckpointedFunction {
    private static final long serialVersionUID = 1L;

    private transient ListState<String> precisions;

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
      precisions =
          context
              .getOperatorStateStore()
              .getUnionListState(new ListStateDescriptor<>("precision", Types.STRING));
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
      precisions.update(List.of("bf16"));
    }

    @Override
    public Integer map(Integer value) {
      return value;
    }
  }

  /** A model that runs in nothing else, whatever was to be measured. */
  private record OnlyFp32(ModelDescriptor descriptor, Precision precision) implements ModelSource {
    OnlyFp32(ModelDescriptor descriptor) {
      this(descriptor, Precision.AUTO);
    }

    @Override
    public ModelSource in(Precision other) {
      return new OnlyFp32(descriptor, other);
    }

    @Override
    public FeatureVectorModel load() {
      if (precision == Precision.BF16) {
        throw new UnsupportedPrecisionException("model testing has no bf16");
      }
      return TestingModel.described(descriptor);
    }
  }

  /** A model that says that it runs in what it is told to. */
  private record InPrecision(Precision precision) implements ModelSource {
    @Override
    public ModelSource in(Precision other) {
      return new InPrecision(other);
    }

    @Override
    public FeatureVectorModel load() {
      return TestingModel.in(precision);
    }
  }

  private static ModelDescriptor built(String precision) {
    return new ModelDescriptor("testing", "f00d", TestingModel.SIZE, 2, precision, 1);
  }

  private static String precision(
      OneInputStreamOperatorTestHarness<MicroBatch<byte[]>, MicroBatch<Embedded<byte[]>>> harness)
      throws Exception {
    harness.processElement(
        new StreamRecord<>(
            new MicroBatch<>(List.of(TestingImages.solid(5)), new long[] {1}, FlushReason.COUNT)));
    Outcome outcome = harness.extractOutputValues().get(0).elements().get(0).outcome();
    return ((Embedding) outcome).provenance().precision();
  }

  private static EmbedFunction<byte[]> function(String sha256) {
    return function(
        TestingModel.SOUND,
        sha256 == null ? null : new ModelDescriptor("testing", sha256, 4, 2, "fp32", 1));
  }

  private static EmbedFunction<byte[]> function(ModelSource model, ModelDescriptor built) {
    return new EmbedFunction<>(bytes -> bytes, model, built, EmbedSettings.ofBatches(4));
  }

  private static OneInputStreamOperatorTestHarness<MicroBatch<byte[]>, MicroBatch<Embedded<byte[]>>>
      harness(EmbedFunction<byte[]> function) throws Exception {
    return new OneInputStreamOperatorTestHarness<>(new StreamMap<>(function));
  }
}
