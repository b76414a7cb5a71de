// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it.chaos;

import io.imageembedding.it.BrokerProcess;
import io.imageembedding.it.ChildProcess;
import io.imageembedding.it.ClusterProcesses;
import io.imageembedding.safety.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.curator.test.TestingServer;
import org.awaitility.Awaitility;

/**
 * Everything that a job stands on, in processes of its own, and all of it may be killed: a Kafka
 * broker, a JobManager with high availability, two TaskManagers with two slots each.
 */
final class TestBed implements AutoCloseable {
  static final String USER = "job";
  static final String PASSWORD = "let-me-in";
  private static final String AUTHORIZATIONS = "authorizations.txt";
  private static final int TASK_MANAGERS = 2;
  private static final int SLOTS = 2 * TASK_MANAGERS;

  /** Processes that live for minutes spend most of their time on compiling what they seldom run. */
  private static final List<String> SHORT_LIVED = List.of("-XX:TieredStopAtLevel=1");

  /** What the memory grows by is not the heap, which is there from the beginning. */
  private static final List<String> LONG_LIVED = List.of("-XX:+AlwaysPreTouch");

  private final Path folder;
  private final TestingServer zooKeeper;
  private final BrokerProcess broker;
  private final int guardedPort;
  private final ClusterProcesses cluster;
  private final FlinkRest flink;

  private TestBed(
      Path folder,
      TestingServer zooKeeper,
      BrokerProcess broker,
      int guardedPort,
      ClusterProcesses cluster) {
    this.folder = folder;
    this.zooKeeper = zooKeeper;
    this.broker = broker;
    this.guardedPort = guardedPort;
    this.cluster = cluster;
    flink = new FlinkRest(cluster.restPort());
  }

  /**
   * Starts all of it below the folder, and waits until a job can be submitted.
   *
   * @param isLong whether it runs for long, so that its processes are those of a user; otherwise
   *     they are there sooner, and slower
   */
  static TestBed start(Path folder, boolean isLong) throws Exception {
    List<String> jvm = isLong ? LONG_LIVED : SHORT_LIVED;
    TestingServer zooKeeper = new TestingServer(true);
    BrokerProcess broker = null;
    try {
      int guarded = FreePort.find();
      broker = startBroker(folder.resolve("broker"), guarded, jvm);
      Map<String, String> settings = new HashMap<>();
      settings.put("high-availability.type", "zookeeper");
      settings.put("high-availability.zookeeper.quorum", zooKeeper.getConnectString());
      settings.put("high-availability.zookeeper.client.session-timeout", "8 s");
      settings.put("high-availability.storageDir", folder.resolve("ha").toUri().toString());
      // Unanswered heartbeats to a process that is gone are noticed after two.
      settings.put("heartbeat.interval", "1 s");
      settings.put("heartbeat.timeout", "8 s");
      // How old may be what REST says; otherwise every question waits for up to 3 s.
      settings.put("web.refresh-interval", "100 ms");
      settings.put("metrics.fetcher.update-interval", "500 ms");
      settings.put("execution.checkpointing.num-retained", "3");
      Path cluster = Files.createDirectories(folder.resolve("cluster"));
      TestBed bed =
          new TestBed(
              folder,
              zooKeeper,
              broker,
              guarded,
              ClusterProcesses.start(cluster, settings, TASK_MANAGERS, jvm));
      bed.awaitSlots();
      return bed;
    } catch (Exception e) {
      if (broker != null) {
        broker.close();
      }
      zooKeeper.close();
      throw e;
    }
  }

  /**
   * A broker at which clients may do everything, but for those of a second listener, who have to
   * give a password and may do what they are allowed to.
   */
  private static BrokerProcess startBroker(Path folder, int guarded, List<String> jvm)
      throws IOException {
    int port = FreePort.find();
    int controller = FreePort.find();
    Map<String, String> settings = new HashMap<>();
    settings.put(
        "listeners",
        "PLAINTEXT://127.0.0.1:%d,GUARDED://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d"
            .formatted(port, guarded, controller));
    settings.put(
        "advertised.listeners",
        "PLAINTEXT://127.0.0.1:%d,GUARDED://127.0.0.1:%d".formatted(port, guarded));
    settings.put("controller.quorum.voters", "1@127.0.0.1:" + controller);
    settings.put(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT,GUARDED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("sasl.enabled.mechanisms", "PLAIN");
    settings.put(
        "listener.name.guarded.plain.sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required user_%s=\"%s\";"
            .formatted(USER, PASSWORD));
    settings.put("authorizer.class.name", TestingAuthorizer.class.getName());
    settings.put(TestingAuthorizer.FILE, folder.resolve(AUTHORIZATIONS).toString());
    settings.put("super.users", "User:ANONYMOUS");
    return BrokerProcess.start(folder, port, settings, jvm);
  }

  /** The listener at which {@value #USER} has to give {@value #PASSWORD}. */
  String guardedServers() {
    return "127.0.0.1:" + guardedPort;
  }

  /** What {@value #USER} asked the broker for, by {@link TestingAuthorizer}. */
  Path authorizations() {
    return folder.resolve("broker").resolve(AUTHORIZATIONS);
  }

  /** Starts again whatever has ended, and waits until all slots are free. */
  void heal() throws Exception {
    if (!broker.process().isAlive()) {
      broker.start();
    }
    if (!cluster.jobManager().isAlive()) {
      cluster.startJobManager();
    }
    for (int i = cluster.taskManagers().size(); i < TASK_MANAGERS; i++) {
      cluster.startTaskManager();
    }
    awaitSlots();
  }

  private void awaitSlots() {
    Awaitility.await("free slots of the cluster in " + folder)
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofMillis(200))
        .until(() -> flink.freeSlots() >= SLOTS);
  }

  Path folder() {
    return folder;
  }

  BrokerProcess broker() {
    return broker;
  }

  ClusterProcesses cluster() {
    return cluster;
  }

  FlinkRest flink() {
    return flink;
  }

  /** Names of the TaskManagers that have not ended. */
  Set<String> taskManagerNames() {
    return cluster.taskManagers().stream().map(ChildProcess::name).collect(Collectors.toSet());
  }

  /** Bytes of physical memory that the largest TaskManager has. */
  long residentBytes() throws IOException {
    long most = 0;
    for (ChildProcess taskManager : cluster.taskManagers()) {
      most = Math.max(most, taskManager.residentBytes());
    }
    return most;
  }

  @Override
  public void close() throws Exception {
    try (zooKeeper;
        broker) {
      cluster.close();
    }
  }
}
