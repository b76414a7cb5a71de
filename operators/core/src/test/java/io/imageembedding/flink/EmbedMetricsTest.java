// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.imageembedding.batch.MicroBatch.FlushReason;
import io.imageembedding.embed.EmbedSettings;
import io.imageembedding.embed.ImageEmbedder;
import io.imageembedding.embed.TestingImages;
import io.imageembedding.embed.TestingModel;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.metrics.CharacterFilter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.metrics.MetricRegistry;
import org.apache.flink.runtime.metrics.groups.GenericMetricGroup;
import org.apache.flink.runtime.metrics.util.TestingMetricRegistry;
import org.junit.jupiter.api.Test;

class EmbedMetricsTest {

  @Test
  void everyImageIsCountedOnceByWhatBecameOfIt() throws Exception {
    Map<String, Metric> registered = new TreeMap<>();
    MetricRegistry registry =
        TestingMetricRegistry.builder()
            .setRegisterConsumer(
                (metric, name, group) ->
                    registered.put(
                        group.getMetricIdentifier(name, CharacterFilter.NO_OP_FILTER), metric))
            .build();
    EmbedMetrics metrics = new EmbedMetrics(new GenericMetricGroup(registry, null, "task"));
    byte[][] images = {TestingImages.solid(1), new byte[0], new byte[0], TestingImages.solid(2)};
    try (ImageEmbedder embedder =
        new ImageEmbedder(TestingModel.SOUND, EmbedSettings.ofBatches(8), metrics)) {
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
    assertThat(counts)
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("task.imageEmbedding.imagesIn", 4L),
                Map.entry("task.imageEmbedding.imagesOut", 2L),
                Map.entry("task.imageEmbedding.cacheHits", 0L),
                Map.entry("task.imageEmbedding.cacheMisses", 0L),
                Map.entry("task.imageEmbedding.code.EMPTY.imagesRefused", 2L),
                Map.entry("task.imageEmbedding.reason.COUNT.batches", 1L),
                Map.entry("task.imageEmbedding.batchSize", 1L),
                Map.entry("task.imageEmbedding.decodeTimeMicros", 2L),
                Map.entry("task.imageEmbedding.inferTimeMicros", 1L),
                Map.entry("task.imageEmbedding.imagesRunAlone", 0L),
                Map.entry("task.imageEmbedding.imagesConvicted", 0L)));
    assertThat(registered).containsKey("task.imageEmbedding.modelLoadTimeMillis");
  }
}
