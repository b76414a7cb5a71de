// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.imageembedding.flink.EmbedOptions;
import java.time.Duration;
import java.util.List;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.configuration.ConfigOption;

/** Options of the vector store that the job feeds. */
@PublicEvolving
public final class StoreOptions {

  public static final ConfigOption<String> ADDRESS =
      key("image-embedding.store.address")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Vector store that embeddings go into, too, or only, if there is no output topic:"
                  + " an address such as 'lucene:PATH' (a folder that every task writes to: a local"
                  + " disk for a job in one process) or"
                  + " 'postgresql://HOST:PORT/DATABASE?table=NAME&user=NAME'; the README has all."
                  + " Vectors of another space are refused at start. An embedding that the store"
                  + " does not take becomes a dead letter; a message with a key and no value deletes"
                  + " the image whose id is the key. Not set: no store.");

  public static final ConfigOption<Integer> BATCH_MAX_COUNT =
      key("image-embedding.store.batch.max-count")
          .intType()
          .defaultValue(100)
          .withDescription(
              "Most embeddings that are written to the store at once; their images count for "
                  + EmbedOptions.BATCH_MAX_BYTES.key()
                  + ", because they are kept until then.");

  public static final ConfigOption<Duration> BATCH_MAX_AGE =
      key("image-embedding.store.batch.max-age")
          .durationType()
          .defaultValue(Duration.ofMillis(500))
          .withDescription(
              "Longest time that an embedding waits for others to be written to the store with"
                  + " them, before it is sent to the output topic. Checkpoints do not wait for"
                  + " it; with "
                  + EmbedOptions.BATCH_LATENCY_BUDGET.key()
                  + " nothing waits.");

  public static final ConfigOption<Duration> RETRY_TIME =
      key("image-embedding.store.retry-time")
          .durationType()
          .defaultValue(Duration.ofMinutes(1))
          .withDescription(
              "How long a failure of the store that can pass is tried again when writing, before the"
                  + " job fails; while the job is submitted, 20 s at most.");

  private StoreOptions() {}

  /** Every option of the store, in the order of the documentation. */
  public static List<ConfigOption<?>> all() {
    return List.of(ADDRESS, BATCH_MAX_COUNT, BATCH_MAX_AGE, RETRY_TIME);
  }
}
