// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.it.ChildProcess;
import java.time.Duration;
import java.util.List;

/** Processes that die, freeze, and come back. */
final class KillScenarios {
  private KillScenarios() {}

  static List<Scenario> all() {
    return List.of(
        new Scenario(
            "taskmanager-killed",
            "a TaskManager that is killed costs nothing but time",
            KillScenarios::killTaskManager),
        new Scenario(
            "jobmanager-killed",
            "a JobManager that is killed goes on with the job, with high availability",
            KillScenarios::killJobManager),
        new Scenario(
            "broker-restarted",
            "a broker that is killed under load and started again loses nothing",
            KillScenarios::restartBroker),
        new Scenario(
            "everything-killed",
            "TaskManagers, JobManager and broker are killed at once, and the job goes on",
            KillScenarios::killEverything),
        new Scenario(
            "taskmanager-frozen",
            "a TaskManager that was given up and comes back is fenced",
            KillScenarios::freezeTaskManager),
        new Scenario(
            "unaligned-checkpoints",
            "records in flight are part of an unaligned checkpoint",
            trial -> {
              trial.option("execution.checkpointing.unaligned.enabled", "true");
              killUnderBacklog(trial);
            }),
        new Scenario(
            "buffered-records-survive-failover",
            "records that wait for their micro-batch survive a failover",
            KillScenarios::killWhileRecordsWait));
  }

  private static void killTaskManager(Trial trial) throws Exception {
    trial.feed();
    trial.submit();
    trial.awaitAnswered(0.2);
    ChildProcess victim = trial.taskManagerOfJob();
    trial.strike("kill -9 of " + victim.name());
    victim.kill();
    trial.bed().cluster().startTaskManager();
    trial.awaitRecovered();
  }

  /** A batch that is not full waits for the next checkpoint, and its process dies before. */
  private static void killWhileRecordsWait(Trial trial) throws Exception {
    int waiting = 40;
    int before = trial.records() - waiting;
    trial.option("parallelism.default", "1");
    trial.option("image-embedding.batch.max-count", "64");
    trial.option("image-embedding.batch.max-age", "10 min");
    // A checkpoint closes the batch: none may come between the feeding and the blow.
    trial.option("execution.checkpointing.interval", trial.isLong() ? "60 s" : "20 s");
    trial.feed(0, before);
    trial.submit();
    trial.awaitAnswers(before);
    trial.awaitCheckpoint();
    FlinkRest flink = trial.bed().flink();
    long checkpoints = flink.checkpoints(trial.job(), "total");
    trial.feedAtOnce(before, trial.records());
    trial.await(
        "records to wait in the operator",
        trial.patience(),
        () ->
            flink.metric(trial.job(), "micro-batch.numRecordsIn") == trial.records()
                && flink.metric(trial.job(), "imagesIn") == before);
    ChildProcess victim = trial.taskManagerOfJob();
    trial.strike("kill -9 of " + victim.name() + " while " + waiting + " records wait in it");
    victim.kill();
    long more = flink.checkpoints(trial.job(), "total") - checkpoints;
    trial.require(more == 0, more + " checkpoints were begun while the records waited");
    trial.bed().cluster().startTaskManager();
    trial.awaitRecovered();
  }

  private static void killUnderBacklog(Trial trial) throws Exception {
    trial.feedAtOnce(0, trial.records());
    trial.submit();
    trial.awaitAnswered(0.05);
    ChildProcess victim = trial.taskManagerOfJob();
    trial.strike("kill -9 of " + victim.name());
    victim.kill();
    trial.bed().cluster().startTaskManager();
    trial.awaitRecovered();
  }

  private static void killJobManager(Trial trial) throws Exception {
    trial.feed();
    trial.submit();
    trial.awaitAnswered(0.2);
    trial.strike("kill -9 of the JobManager");
    trial.bed().cluster().jobManager().kill();
    trial.bed().cluster().startJobManager();
    trial.awaitRecovered();
  }

  private static void restartBroker(Trial trial) throws Exception {
    trial.feed();
    trial.submit();
    trial.awaitAnswered(0.2);
    trial.strike("kill -9 of the broker");
    trial.bed().broker().process().kill();
    trial.bed().broker().start();
    trial.awaitRecovered();
  }

  private static void killEverything(Trial trial) throws Exception {
    trial.feed();
    trial.submit();
    trial.awaitAnswered(0.2);
    trial.strike("kill -9 of everything");
    for (ChildProcess each : trial.bed().cluster().taskManagers()) {
      each.kill();
    }
    trial.bed().cluster().jobManager().kill();
    trial.bed().broker().process().kill();
    trial.bed().broker().start();
    trial.bed().cluster().startJobManager();
    trial.bed().cluster().startTaskManager();
    trial.bed().cluster().startTaskManager();
    trial.awaitRecovered();
  }

  private static void freezeTaskManager(Trial trial) throws Exception {
    trial.feed();
    trial.submit();
    trial.awaitAnswered(0.2);
    ChildProcess victim = trial.taskManagerOfJob();
    trial.strike("SIGSTOP of " + victim.name());
    victim.freeze();
    try {
      trial.await(
          "the JobManager to give it up",
          Duration.ofMinutes(2),
          () ->
              !trial.bed().flink().get("/taskmanagers").toString().contains(victim.name() + "\""));
      trial.bed().cluster().startTaskManager();
      trial.awaitRecovered();
    } finally {
      victim.resume();
    }
    trial.say("SIGCONT of " + victim.name());
  }
}
