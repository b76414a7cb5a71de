// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.jobs;

import io.imageembedding.embedding.Provenance;
import io.imageembedding.flink.EmbedOptions;
import io.imageembedding.flink.ImageEmbedding;
import io.imageembedding.flink.InvalidOptionException;
import io.imageembedding.kafka.KafkaMessage;
import io.imageembedding.kafka.KafkaTopics;
import io.imageembedding.kafka.RestoredOrder;
import io.imageembedding.model.ModelDescriptor;
import io.imageembedding.model.Precision;
import io.imageembedding.vectorstore.CollectionSpec;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The streaming job: images from one topic, embeddings to another, to a vector store, or to both,
 * dead letters to a topic of their own.
 *
 * <p>Submitted to a cluster with {@code flink run JAR --config FILE [-D key=value]...}; the command
 * line's {@code job} runs the same in its own process.
 */
@PublicEvolving
public final class EmbedImagesJob {

  /** Name of a job that has none. */
  public static final String DEFAULT_NAME = "image-embedding";

  private EmbedImagesJob() {}

  /**
   * Builds the job and runs it where Flink's options say. A job that a cluster has kept over its
   * JobManager's death goes on as it was.
   *
   * @throws InvalidOptionException naming key, value and what is allowed
   */
  public static void main(String[] args) throws Exception {
    Configuration given = JobPaths.absolute(arguments(args), System.err::println);
    StreamExecutionEnvironment env = JobEnvironment.of(given);
    if (RecoveredJob.isIn(env)) {
      RecoveredJob.name(env);
    } else {
      build(env, given);
    }
    env.execute();
  }

  /**
   * What was given, and what is so where nothing else is said: a name, and checkpoints that are
   * kept.
   */
  public static Configuration withDefaults(Configuration given) {
    Configuration config = new Configuration(given);
    config.addAll(JobDefaults.missing(given, JobDefaults.everywhere()));
    return config;
  }

  /**
   * The same for a job that runs in the process that asks: it is its own cluster, and keeps three
   * checkpoints.
   */
  public static Configuration withDefaultsInOneProcess(Configuration given) {
    Configuration config = withDefaults(given);
    config.addAll(JobDefaults.missing(given, JobDefaults.inOneProcess()));
    return config;
  }

  /**
   * Sees that nothing is given to a job for a cluster that only the cluster itself obeys.
   *
   * @throws InvalidOptionException naming the key and where it belongs
   */
  public static void requireOptionsOfAJob(Configuration given) {
    ClusterOptions.refuse(given, new Configuration());
  }

  /**
   * Adds the job to the environment, after checking what is in effect: options first, then brokers,
   * topics and whether the store is there, then the model, and at last whether topics and store
   * take its vectors.
   *
   * @param config options of the project; those that it lacks, and all of Flink's own, are taken
   *     from the environment
   * @throws InvalidOptionException naming key, value and what is allowed
   * @throws io.imageembedding.model.ModelException if the model cannot be used
   * @throws io.imageembedding.kafka.KafkaSetupException if brokers or topics are not as needed
   * @throws io.imageembedding.vectorstore.StoreException if the store is for other vectors, or
   *     cannot be reached
   */
  public static void build(StreamExecutionEnvironment env, Configuration config) {
    Configuration inEffect = JobEnvironment.inEffect(env, config);
    Optional<JobStore> store = JobStore.of(inEffect);
    KafkaTopics topics = topics(inEffect);
    Configuration embeddingOptions =
        store.isPresent() ? JobStore.sharingLatencyBudget(inEffect) : inEffect;
    ImageEmbedding<KafkaMessage> embedding =
        ImageEmbedding.of(topics.extractor()).options(embeddingOptions);
    JobEnvironment.requireStreaming(env, inEffect);
    RestoredOrder.check(inEffect, "image-embedding/micro-batch");
    topics.check();
    Optional<CollectionSpec> held = store.flatMap(JobStore::held);
    topics.check(embedding.describeModel().dimension());
    if (store.isEmpty()) {
      topics.write(embedding.embed(topics.read(env)));
      return;
    }
    if (inEffect.get(EmbedOptions.MODEL_PRECISION) == Precision.AUTO) {
      embedding.options(inOnePrecision(embeddingOptions, held, embedding.describeModel()));
    }
    store.get().expect(embedding.describeModel().dimension(), embedding.provenance());
    topics.write(embedding.embed(topics.read(env)), store.get()::feed);
  }

  /**
   * The topics that the configuration names; a job with a vector store needs none for embeddings.
   *
   * @throws InvalidOptionException naming key, value and what is allowed
   */
  public static KafkaTopics topics(Configuration config) {
    return JobStore.of(config).isPresent()
        ? KafkaTopics.withOptionalOutput(config)
        : KafkaTopics.of(config);
  }

  /** A store decides once: what it holds wins over what is measured here and now. */
  static Configuration inOnePrecision(
      Configuration config, Optional<CollectionSpec> held, ModelDescriptor measured) {
    String precision =
        held.map(CollectionSpec::space)
            .filter(space -> space.sha256().equals(measured.sha256()))
            .map(Provenance::precision)
            .orElse(measured.precision());
    return new Configuration(config).set(EmbedOptions.MODEL_PRECISION, Precision.of(precision));
  }

  private static Configuration arguments(String[] args) {
    Path file = null;
    Map<String, String> overrides = new LinkedHashMap<>();
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals("--config") && i + 1 < args.length) {
        file = Path.of(args[++i]);
      } else if (args[i].equals("-D") && i + 1 < args.length) {
        override(args[++i], overrides);
      } else if (args[i].startsWith("-D")) {
        override(args[i].substring(2), overrides);
      } else {
        throw new InvalidOptionException(
            "unknown argument " + args[i] + "; allowed: --config FILE, -D key=value");
      }
    }
    return JobConfiguration.load(file, overrides);
  }

  private static void override(String pair, Map<String, String> overrides) {
    int equals = pair.indexOf('=');
    if (equals < 1) {
      throw new InvalidOptionException("-D " + pair + ": needed: -D key=value");
    }
    overrides.put(pair.substring(0, equals), pair.substring(equals + 1));
  }
}
