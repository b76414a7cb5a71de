// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.figures;

import io.imageembedding.batch.BatchMetrics;
import io.imageembedding.flink.EmbedMetrics;
import io.imageembedding.kafka.OutputMetrics;
import io.imageembedding.vectorstore.sink.StoreMetrics;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.annotation.Internal;

/** The counters of a job that its figures are made of. */
@Internal
public enum Count {
  IMAGES_IN(EmbedMetrics.GROUP, "", EmbedMetrics.IMAGES_IN),
  IMAGES_OUT(EmbedMetrics.GROUP, "", EmbedMetrics.IMAGES_OUT),
  IMAGES_REFUSED(EmbedMetrics.GROUP, "code", EmbedMetrics.IMAGES_REFUSED),
  BATCHES(EmbedMetrics.GROUP, "reason", EmbedMetrics.BATCHES),
  QUEUE_MICROS(BatchMetrics.GROUP, "", BatchMetrics.QUEUE_SUM),
  DECODE_MICROS(EmbedMetrics.GROUP, "", EmbedMetrics.DECODE_SUM),
  INFER_MICROS(EmbedMetrics.GROUP, "", EmbedMetrics.INFER_SUM),
  ENCODE_MICROS(OutputMetrics.GROUP, "", OutputMetrics.ENCODE_SUM),
  STORE_MICROS(StoreMetrics.GROUP, "", StoreMetrics.STORE_SUM),
  STORE_REFUSED(StoreMetrics.GROUP, "reason", StoreMetrics.REFUSED),
  ANSWERS(OutputMetrics.GROUP, "", OutputMetrics.ANSWERS),
  LATENCY_MILLIS(OutputMetrics.GROUP, "", OutputMetrics.LATENCY_SUM);

  /** The store's batcher, as it is called in names of metrics: what waits there are vectors. */
  private static final Pattern NOT_OF_IMAGES = Pattern.compile("(?:.*\\.)?store.micro-batch\\..*");

  private final Pattern identifier;

  Count(String group, String label, String name) {
    identifier =
        Pattern.compile(
            "(?:.*\\.)?" + group + "\\." + (label.isEmpty() ? "()" : label + "\\.(.+)\\.") + name);
  }

  /**
   * The series of a metric, if it is one of these counters.
   *
   * @param identifier its name behind those of all its groups, with dots between them
   */
  public static Optional<Series> series(String identifier, int subtask) {
    if (NOT_OF_IMAGES.matcher(identifier).matches()) {
      return Optional.empty();
    }
    for (Count count : values()) {
      Matcher matcher = count.identifier.matcher(identifier);
      if (matcher.matches()) {
        return Optional.of(new Series(count, matcher.group(1), subtask));
      }
    }
    return Optional.empty();
  }
}
