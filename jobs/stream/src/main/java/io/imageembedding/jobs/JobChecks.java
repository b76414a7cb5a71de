// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.ImageEmbedding;
import io.imageembedding.kafka.KafkaMessage;
import io.imageembedding.kafka.KafkaTopics;
import io.imageembedding.kafka.SetupCheck;
import io.imageembedding.kafka.SetupCheck.Finding;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.Precision;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.OpenMode;
import io.imageembedding.vectorstore.RetryPolicy;
import io.imageembedding.vectorstore.StoreAddress;
import io.imageembedding.vectorstore.StoreDescription;
import io.imageembedding.vectorstore.StoreException;
import io.imageembedding.vectorstore.VectorStore;
import java.util.List;
import java.util.Optional;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * What a job asks when it is built, one by one and without making anything: a store that is not
 * there yet is not made, and one that a job writes to is not locked.
 */
@Internal
public final class JobChecks {
  private final Configuration config;
  private final Optional<JobStore> store;
  private final KafkaTopics topics;
  private final ImageEmbedding<KafkaMessage> embedding;
  private Optional<CollectionSpec> held = Optional.empty();

  /**
   * @param config with the defaults of the place where the job would run
   * @throws io.imageembedding.flink.InvalidOptionException naming key, value and what is allowed
   */
  public JobChecks(Configuration config) {
    this.config = config;
    store = JobStore.of(config);
    topics = EmbedImagesJob.topics(config);
    embedding = ImageEmbedding.of(topics.extractor()).options(config);
    JobEnvironment.requireStreaming(new StreamExecutionEnvironment(config), config);
  }

  /**
   * Those of brokers, topics and schema registry; the first is that of the brokers.
   *
   * @param slots that the job runs in
   */
  public List<SetupCheck> topics(int slots) {
    return topics.checks(slots);
  }

  /** Whether the store can be reached, where the job has one. */
  public Optional<SetupCheck> store() {
    return store.map(
        feed ->
            new SetupCheck(
                "store",
                "start it, or set " + StoreOptions.ADDRESS.key(),
                () -> {
                  Optional<StoreDescription> found = look(feed.toString());
                  held = found.flatMap(StoreDescription::collection);
                  return Finding.good(
                      feed
                          + found
                              .map(is -> ": %,d vectors".formatted(is.count()))
                              .orElse(": there is none yet, the job makes it"));
                }));
  }

  private static Optional<StoreDescription> look(String address) {
    try (VectorStore opened =
        VectorStore.open(address, OpenMode.read().retrying(RetryPolicy.NONE))) {
      return Optional.of(opened.describe());
    } catch (StoreException e) {
      if (OpenMode.isMissing(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Whether the model can be loaded, and gives on probe images what it has to. */
  public SetupCheck model() {
    return new SetupCheck(
        "model",
        "set " + EmbedOptions.MODEL.key() + "; ./embed model verify SRC says more",
        () -> {
          ModelDescriptor is = embedding.describeModel();
          return Finding.good(
              is.name()
                  + ", "
                  + is.dimension()
                  + " features, "
                  + is.precision()
                  + ", SHA-256 "
                  + is.sha256().substring(0, 12)
                  + "…, proven");
        });
  }

  /** Whether topics and store take the model's vectors; after the model and the store. */
  public SetupCheck vectors() {
    return new SetupCheck(
        "vectors",
        "raise max.message.bytes of the output topic; a store of another space is for another"
            + " model: name an empty one",
        () -> {
          int dimension = embedding.describeModel().dimension();
          topics.checkSize(dimension);
          if (store.isPresent() && held.isPresent()) {
            if (config.get(EmbedOptions.MODEL_PRECISION) == Precision.AUTO) {
              embedding.options(
                  EmbedImagesJob.inOnePrecision(config, held, embedding.describeModel()));
            }
            String address = store.get().toString();
            new CollectionSpec(
                    dimension, StoreAddress.parse(address).metric(), embedding.provenance())
                .requireSame(address, held.get());
          }
          return Finding.good(
              dimension
                  + " features fit"
                  + (held.isPresent() ? ", and are of the store's space" : ""));
        });
  }
}
