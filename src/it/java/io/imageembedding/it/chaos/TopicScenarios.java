// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;

/**
 * What administrators and brokers do to topics: jobs fail or wait, processes live, nothing is lost.
 */
final class TopicScenarios {
  private static final Duration NOTICED = Duration.ofMinutes(3);

  private TopicScenarios() {}

  static List<Scenario> all() {
    return List.of(
        new Scenario(
            "broker-away",
            "the job waits for a broker that is away for minutes, and goes on",
            TopicScenarios::takeBrokerAway),
        new Scenario(
            "sink-slow",
            "a broker that answers slowly holds the job up, and no more",
            TopicScenarios::slowBroker),
        new Scenario(
            "topic-gone",
            "an output topic that is deleted is named, and the job goes on when it is back",
            TopicScenarios::deleteTopic),
        new Scenario(
            "max-message-bytes-lowered",
            "a topic that takes no embedding any more holds the job up, and makes no dead letter",
            TopicScenarios::lowerMaxMessageBytes),
        new Scenario(
            "acl-revoked",
            "the documented rights are enough and all needed, to restore and rescale, too; one that"
                + " is taken away holds the job up until it is given back",
            TopicScenarios::revoke),
        new Scenario(
            "retention-overtakes",
            "messages that are gone before they were read fail the job, which skips them if told"
                + " to",
            TopicScenarios::expire));
  }

  /** That no process ends but those that were killed. */
  private static Callable<Boolean> alive(Trial trial) {
    Set<String> before = trial.bed().taskManagerNames();
    return () -> trial.bed().taskManagerNames().containsAll(before);
  }

  private static void requireAlive(Trial trial, Callable<Boolean> alive) throws Exception {
    trial.require(alive.call(), "a TaskManager ended, which nobody had killed");
  }

  private static void takeBrokerAway(Trial trial) throws Exception {
    Callable<Boolean> alive = alive(trial);
    if (!trial.isLong()) {
      // By default the clients wait for more than a minute before they fail.
      String properties = "image-embedding.kafka.properties.";
      trial.option(properties + "max.block.ms", "5000");
      trial.option(properties + "request.timeout.ms", "3000");
      trial.option(properties + "delivery.timeout.ms", "6000");
      trial.option(properties + "default.api.timeout.ms", "5000");
    }
    trial.feed();
    trial.submit();
    trial.awaitAnswered(0.2);
    trial.strike("the broker is stopped");
    trial.bed().broker().close();
    if (trial.isLong()) {
      trial.pause(Duration.ofMinutes(3));
    }
    trial.await(
        "the job to fail without its broker",
        NOTICED,
        () -> !trial.bed().flink().failure(trial.job()).isEmpty());
    trial.pause(Duration.ofSeconds(5));
    requireAlive(trial, alive);
    trial.bed().broker().start();
    trial.say("the broker is back");
    trial.awaitRecovered();
    requireAlive(trial, alive);
  }

  private static void slowBroker(Trial trial) throws Exception {
    Callable<Boolean> alive = alive(trial);
    trial.feed();
    trial.submit();
    trial.awaitAnswered(0.1);
    trial.strike("the broker stands still two seconds of three");
    for (int i = 0; i < (trial.isLong() ? 20 : 4); i++) {
      trial.bed().broker().process().freeze();
      try {
        trial.pause(Duration.ofSeconds(2));
      } finally {
        trial.bed().broker().process().resume();
      }
      trial.pause(Duration.ofSeconds(1));
    }
    trial.awaitRecovered();
    requireAlive(trial, alive);
  }

  private static void deleteTopic(Trial trial) throws Exception {
    Callable<Boolean> alive = alive(trial);
    int half = trial.records() / 2;
    // How long a producer looks for a topic, a minute otherwise.
    trial.option("image-embedding.kafka.properties.max.block.ms", "5000");
    trial.feed(0, half);
    trial.submit();
    trial.awaitAnswers(half);
    trial.awaitCheckpoint();
    trial.strike("the output topic is deleted");
    trial.topics().delete(trial.topics().embeddings());
    trial.feed(half, trial.records());
    trial.await(
        "the job to name the topic",
        NOTICED,
        () -> trial.bed().flink().failure(trial.job()).contains(trial.topics().embeddings()));
    requireAlive(trial, alive);
    trial.topics().create(trial.topics().embeddings());
    trial.say("the topic is back");
    trial.answers().reopen(trial.topics().embeddings());
    trial.awaitRecovered();
    requireAlive(trial, alive);
  }

  private static void lowerMaxMessageBytes(Trial trial) throws Exception {
    Callable<Boolean> alive = alive(trial);
    String topic = trial.topics().embeddings();
    trial.feed();
    trial.submit();
    trial.awaitAnswered(0.2);
    trial.strike("the output topic takes 1000 bytes");
    trial.topics().setConfig(topic, "max.message.bytes", "1000");
    trial.await(
        "the job to say why",
        NOTICED,
        () -> {
          String failure = trial.bed().flink().failure(trial.job());
          return failure.contains(topic) && failure.contains("max.message.bytes");
        });
    requireAlive(trial, alive);
    trial.topics().setConfig(topic, "max.message.bytes", "1048588");
    trial.say("it takes all again");
    trial.awaitRecovered();
    requireAlive(trial, alive);
    trial.require(
        !trial.answers().tallies().codes().containsKey("RECORD_TOO_LARGE"),
        "good images became dead letters: " + trial.answers().tallies().codes());
  }

  private static void revoke(Trial trial) throws Exception {
    Callable<Boolean> alive = alive(trial);
    Path secret = trial.folder().resolve("login.properties");
    Files.writeString(
        secret,
        "jaas=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\";%n"
            .formatted(TestBed.USER, TestBed.PASSWORD));
    String properties = "image-embedding.kafka.properties.";
    trial.option("image-embedding.kafka.bootstrap-servers", trial.bed().guardedServers());
    trial.option(properties + "security.protocol", "SASL_PLAINTEXT");
    trial.option(properties + "sasl.mechanism", "PLAIN");
    trial.option(properties + "sasl.jaas.config", "${file:" + secret + ":jaas}");
    List<AclBinding> rights =
        DocumentedRights.of(TestBed.USER, "chaos-acl-revoked", trial.topics());
    trial.topics().admin().createAcls(rights).all().get();

    trial.feed();
    trial.option("parallelism.default", "1");
    trial.submit();
    trial.awaitAnswered(0.2);
    trial.strike("cancelled, restored and rescaled, with the rights that are documented");
    Path checkpoint = CheckpointScenarios.cancel(trial).get(0);
    trial.option("execution.state-recovery.path", checkpoint.toUri().toString());
    trial.option("parallelism.default", "2");
    trial.submit();
    trial.awaitRecovered();
    requireAsDocumented(trial, rights);

    trial.strike("the right to write embeddings is taken away");
    AclBinding write =
        rights.stream()
            .filter(right -> right.pattern().name().equals(trial.topics().embeddings()))
            .filter(right -> right.entry().operation() == AclOperation.WRITE)
            .findFirst()
            .orElseThrow();
    trial.topics().admin().deleteAcls(List.of(write.toFilter())).all().get();
    trial.await(
        "the job to say why",
        NOTICED,
        () -> {
          String failure = trial.bed().flink().failure(trial.job());
          return failure.contains("uthoriz");
        });
    requireAlive(trial, alive);
    trial.topics().admin().createAcls(List.of(write)).all().get();
    trial.say("it is given back");
    trial.awaitRecovered();
    requireAlive(trial, alive);
  }

  /** That nothing else was asked for, and nothing is documented in vain. */
  private static void requireAsDocumented(Trial trial, List<AclBinding> rights) throws Exception {
    List<String> asked = Files.readAllLines(trial.bed().authorizations());
    List<String> denied = asked.stream().filter(line -> line.startsWith("DENIED")).toList();
    trial.require(denied.isEmpty(), "not documented in deploy/README.md: " + denied);
    List<AclBinding> unused =
        rights.stream()
            .filter(right -> asked.stream().noneMatch(line -> DocumentedRights.isUse(right, line)))
            .toList();
    trial.require(unused.isEmpty(), "documented in deploy/README.md, but not needed: " + unused);
  }

  private static void expire(Trial trial) throws Exception {
    int half = trial.records() / 2;
    int gone = half + trial.records() / 5;
    trial.feed(0, half);
    trial.submit();
    trial.awaitAnswers(half);
    trial.awaitCheckpoint();
    trial.option("execution.state-recovery.path", trial.stopWithSavepoint());
    trial.feedAtOnce(half, gone);
    trial.topics().expireAll(trial.topics().images());
    trial.feedAtOnce(gone, trial.records());
    trial.expectNone(half, gone);
    trial.strike((gone - half) + " messages are gone before they were read");
    String said = trial.submitInVain();
    trial.require(
        said.contains(trial.topics().images()) && said.contains("the first that is left is"),
        "what is gone is not named: " + said);
    trial.option("image-embedding.kafka.input.lost-messages", "skip");
    trial.submit();
    trial.awaitRecovered();
  }
}
