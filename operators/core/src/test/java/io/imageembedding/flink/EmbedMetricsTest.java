// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.EmbedListener;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.image.Preprocessing;
import io.imageembedding.model.ModelSource;
import io.imageembedding.testkit.SampleImages;
import io.imageembedding.testkit.TinyModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.metrics.CharacterFilter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.metrics.MetricRegistry;
import org.apache.flink.runtime.metrics.groups.GenericMetricGroup;
import org.apache.flink.runtime.metrics.util.TestingMetricRegistry;
import org.apache.flink.traces.Span;
import org.junit.jupiter.api.Test;

class EmbedMetricsTest {

  @Test
  void everyImageIsCountedOnceByWhatBecameOfIt() throws Exception {
    Map<String, Metric> registered = new TreeMap<>();
    MetricRegistry registry = registry(registered);
    EmbedMetrics metrics =
        new EmbedMetrics(new GenericMetricGroup(registry, null, "task"), Set.of("UNREAD"));
    byte[][] images = {SampleImages.png(1), new byte[0], new byte[0], SampleImages.png(2)};
    try (ImageEmbedder embedder =
        new ImageEmbedder(TinyModel.ofDimension(2), EmbedSettings.ofBatches(8), metrics)) {
      metrics.batch(images.length, FlushReason.COUNT);
      embedder.embed(images.length, i -> images[i]);
    }

    Map<String, Long> counts = new TreeMap<>();
    registered.forEach(
        (name, metric) -> {
          if (metric instanceof Counter counter) {
            counts.put(name, counter.getCount());
          } else if (metric instanceof Histogram histogram) {
            counts.put(name, histogram.getCount());
          }
        });
    assertThat(counts.remove("task.imageEmbedding.decodeMicros")).isPositive();
    assertThat(counts.remove("task.imageEmbedding.inferMicros")).isNotNegative();
    assertThat(counts.keySet())
        .containsAll(
            Stream.of(
                    "UNREAD",
                    "NOT_AN_IMAGE",
                    "UNSUPPORTED_FORMAT",
                    "TRUNCATED",
                    "CORRUPT",
                    "TOO_LARGE",
                    "DECODER_BUSY",
                    "CRASHED",
                    "MODEL_FAILED",
                    "WRONG_LENGTH",
                    "NOT_FINITE")
                .map(code -> "task.imageEmbedding.code." + code + ".imagesRefused")
                .toList());
    assertThat(counts.keySet())
        .containsAll(
            Stream.of(FlushReason.values())
                .map(reason -> "task.imageEmbedding.reason." + reason + ".batches")
                .toList());
    counts.values().removeIf(count -> count == 0);
    assertThat(counts)
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("task.imageEmbedding.imagesIn", 4L),
                Map.entry("task.imageEmbedding.imagesOut", 2L),
                Map.entry("task.imageEmbedding.code.EMPTY.imagesRefused", 2L),
                Map.entry("task.imageEmbedding.reason.COUNT.batches", 1L),
                Map.entry("task.imageEmbedding.batchSize", 1L),
                Map.entry("task.imageEmbedding.decodeTimeMicros", 2L),
                Map.entry("task.imageEmbedding.stage.IMAGE.imagesRefusedInStage", 2L),
                Map.entry("task.imageEmbedding.inferTimeMicros", 1L)));
    assertThat(registered).containsKey("task.imageEmbedding.modelLoadTimeMillis");
  }

  @Test
  void whatRunsIsSaidByAGaugeThatIsOne() {
    Map<String, Metric> registered = new TreeMap<>();
    MetricRegistry registry = registry(registered);
    EmbedMetrics metrics =
        new EmbedMetrics(new GenericMetricGroup(registry, null, "task"), Set.of());
    metrics.running(new Provenance("net", "12ab", "bf16", "way", "34cd"), () -> 3);

    assertThat(registered)
        .hasEntrySatisfying(
            "task.imageEmbedding.model.net.sha256.12ab.precision.bf16.vectorSpace.34cd.modelInfo",
            gauge -> assertThat(((Gauge<?>) gauge).getValue()).isEqualTo(1))
        .hasEntrySatisfying(
            "task.imageEmbedding.decodersStuck",
            gauge -> assertThat(((Gauge<?>) gauge).getValue()).isEqualTo(3));
  }

  @Test
  void aSpanSaysHowLongThePartsOfTheModelsLoadTook() {
    List<Span> spans = new ArrayList<>();
    MetricRegistry registry =
        TestingMetricRegistry.builder().setSpanConsumer((span, group) -> spans.add(span)).build();
    EmbedMetrics metrics =
        new EmbedMetrics(new GenericMetricGroup(registry, null, "task"), Set.of());
    metrics.modelLoaded(1_000, 20_000_000, 320_000_000, 400_000_000);
    metrics.running(new Provenance("net", "12ab", "bf16", "way", "34cd"), () -> 0);

    assertThat(spans).hasSize(1);
    Span load = spans.get(0);
    assertThat(described(load)).isEqualTo("ModelLoad 1000-1400");
    assertThat(load.getChildren())
        .extracting(EmbedMetricsTest::described)
        .containsExactly("ModelRead 1000-1020", "ModelProof 1020-1320", "ModelWarmUp 1320-1400");
    assertThat(load.getAttributes())
        .containsAllEntriesOf(
            Map.of("model", "net", "sha256", "12ab", "precision", "bf16", "vectorSpace", "34cd"));
    assertThat(load.getScope()).isEqualTo(EmbedFunction.class.getName());
  }

  @Test
  void anEmbedderSaysWhenTheModelWasReadAndWhatItsCacheHolds() throws Exception {
    List<LoadTimes> loaded = new ArrayList<>();
    List<Long> cached = new ArrayList<>();
    EmbedListener listener =
        new EmbedListener() {
          @Override
          public void modelLoaded(
              long startMillis, long readNanos, long provenNanos, long warmNanos) {
            loaded.add(new LoadTimes(startMillis, readNanos, provenNanos, warmNanos));
          }

          @Override
          public void cached(int entries, long bytes) {
            cached.addAll(List.of((long) entries, bytes));
          }
        };
    ModelSource reading = ModelSource.parse("untrained:mobilenet_v2_0.35_96");
    EmbedSettings caching =
        new EmbedSettings(
            Preprocessing.REFERENCE, EmbedSettings.ofBatches(1).limits(), 4, 1, 1 << 20);
    try (ImageEmbedder embedder = new ImageEmbedder(reading, caching, listener)) {
      byte[][] images = {SampleImages.png(1), SampleImages.png(2), SampleImages.png(1)};
      embedder.embed(images.length, i -> images[i]);
    }

    LoadTimes times = loaded.get(0);
    assertThat(times.readNanos()).isPositive().isLessThanOrEqualTo(times.provenNanos());
    assertThat(times.provenNanos()).isLessThanOrEqualTo(times.warmNanos());
    assertThat(cached).hasSize(2);
    assertThat(cached.get(0)).isEqualTo(2);
    assertThat(cached.get(1)).isPositive();
  }

  private static String described(Span span) {
    return span.getName() + " " + span.getStartTsMillis() + "-" + span.getEndTsMillis();
  }

  private static MetricRegistry registry(Map<String, Metric> registered) {
    return TestingMetricRegistry.builder()
        .setRegisterConsumer(
            (metric, name, group) ->
                registered.put(
                    group.getMetricIdentifier(name, CharacterFilter.NO_OP_FILTER), metric))
        .build();
  }
}
