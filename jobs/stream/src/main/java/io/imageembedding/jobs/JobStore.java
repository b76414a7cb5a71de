// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import io.imageembedding.batch.BatchPolicy;
import io.imageembedding.embedding.Provenance;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.flink.Options;
import io.imageembedding.kafka.EmbeddedMessage;
import io.imageembedding.schema.Code;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Deletion;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RefusedChange;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.Stores;
import io.imageembedding.vectorstore.VectorStore;
import io.imageembedding.vectorstore.Version;
import io.imageembedding.vectorstore.sink.Stored;
import io.imageembedding.vectorstore.sink.VectorStoreStage;
import java.time.Duration;
import java.util.Optional;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * The vector store of one job, as {@link StoreOptions} name it: what is before the topics goes into
 * it first, effectively once, and only what it takes is sent. So both have the same images, and an
 * image that the store refuses becomes a dead letter.
 */
@Internal
public final class JobStore {
  private static final Duration LONGEST_RETRY_TIME = Duration.ofDays(1);

  /** Whoever submits a job wants to know soon that its store is not there. */
  private static final Duration PATIENCE_AT_START = Duration.ofSeconds(20);

  private final String address;
  private final VectorStoreStage<EmbeddedMessage> storing;
  private final RetryPolicy retry;

  private JobStore(ReadableConfig config) {
    address = Options.get(config, StoreOptions.ADDRESS, text -> !text.isBlank(), Stores.forms());
    retry =
        new RetryPolicy(
            RetryPolicy.DEFAULT.firstPause(),
            RetryPolicy.DEFAULT.longestPause(),
            Options.get(
                config,
                StoreOptions.RETRY_TIME,
                time -> !time.isNegative() && time.compareTo(LONGEST_RETRY_TIME) <= 0,
                "a duration from 0 s to 1 d"));
    BatchPolicy embedded = EmbedOptions.batchPolicy(config);
    BatchPolicy batches =
        new BatchPolicy(
            Options.get(
                config,
                StoreOptions.BATCH_MAX_COUNT,
                count -> count >= 1 && count <= 10_000,
                "a whole number from 1 to 10000"),
            embedded.maxBytes(),
            Options.get(
                config,
                StoreOptions.BATCH_MAX_AGE,
                age -> age.toMillis() >= 1 && age.compareTo(Duration.ofHours(1)) <= 0,
                "a duration from 1 ms to 1 h"),
            half(embedded.latencyBudget()));
    try {
      storing =
          VectorStoreStage.to(address, JobStore::change)
              .retrying(retry)
              .batches(batches, JobStore::bytes);
    } catch (StoreException e) {
      throw new InvalidOptionException(StoreOptions.ADDRESS.key() + ": " + e.getMessage());
    }
  }

  /**
   * The store that the configuration names, if any; it is not asked yet.
   *
   * @throws InvalidOptionException naming key, value and what is allowed
   */
  public static Optional<JobStore> of(ReadableConfig config) {
    if (config.getOptional(StoreOptions.ADDRESS).isPresent()) {
      return Optional.of(new JobStore(config));
    }
    for (ConfigOption<?> option : StoreOptions.all()) {
      if (config.toMap().containsKey(option.key())) {
        throw new InvalidOptionException(
            option.key() + " is set, but " + StoreOptions.ADDRESS.key() + " is not");
      }
    }
    return Optional.empty();
  }

  /**
   * The configuration for what embeds in front of a store: the latency budget is for both, so each
   * has half of it.
   */
  static Configuration sharingLatencyBudget(Configuration config) {
    Duration budget = config.get(EmbedOptions.BATCH_LATENCY_BUDGET);
    return budget == null
        ? config
        : new Configuration(config).set(EmbedOptions.BATCH_LATENCY_BUDGET, half(budget));
  }

  private static Duration half(Duration budget) {
    return budget == null ? null : Duration.ofMillis(Math.max(1, budget.toMillis() / 2));
  }

  /** What the store holds; empty if it is new. */
  Optional<CollectionSpec> held() {
    try (VectorStore store =
        VectorStore.open(address, OpenMode.write(0).retrying(atStart(retry)))) {
      return store.describe().collection();
    }
  }

  /**
   * Makes the store for vectors of that kind, or sees that it is for them.
   *
   * @throws StoreException if it is for others, naming both, or cannot be reached
   */
  public void expect(int dimension, Provenance provenance) {
    CollectionSpec collection =
        new CollectionSpec(dimension, StoreAddress.parse(address).metric(), provenance);
    VectorStore.open(address, OpenMode.write(0).expecting(collection).retrying(atStart(retry)))
        .close();
    storing.expecting(collection);
  }

  static RetryPolicy atStart(RetryPolicy inTasks) {
    return inTasks.total().compareTo(PATIENCE_AT_START) <= 0
        ? inTasks
        : new RetryPolicy(inTasks.firstPause(), inTasks.longestPause(), PATIENCE_AT_START);
  }

  /** Adds the store to the job: every answer comes out once, those refused that it did not take. */
  public DataStream<EmbeddedMessage> feed(DataStream<EmbeddedMessage> answers) {
    return storing
        .store(answers)
        .map(JobStore::answer)
        .returns(EmbeddedMessage.typeInformation())
        .name("answer of the store")
        .uid("vector-store/answer")
        .setParallelism(answers.getParallelism());
  }

  private static Change change(EmbeddedMessage answer) {
    return answer
        .embedding()
        .<Change>map(RecordVectors::of)
        .orElseGet(() -> new Deletion(answer.id(), new Version(answer.source())));
  }

  private static long bytes(EmbeddedMessage answer) {
    byte[] value = answer.message().value();
    return value == null ? 0 : value.length;
  }

  private static EmbeddedMessage answer(Stored<EmbeddedMessage> stored) {
    if (stored.refused().isEmpty()) {
      return stored.element();
    }
    RefusedChange refused = stored.refused().get();
    return stored.element().refused(code(refused.reason()), refused.message());
  }

  static Code code(RefusedChange.Reason reason) {
    return reason == RefusedChange.Reason.EXTRACTOR_FAILED
        ? Code.OTHER
        : Code.valueOf(reason.name());
  }

  @Override
  public String toString() {
    return address;
  }
}
