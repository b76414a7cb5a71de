// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.broker;

import io.imageembedding.annotation.PublicEvolving;
import io.imageembedding.safety.FileTrees;
import io.imageembedding.safety.FreePort;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;

/**
 * A real Kafka broker in this process: one node in KRaft mode that listens on the loopback
 * interface only. What it stores lies in a folder; a temporary one is deleted when the broker is
 * closed.
 *
 * <pre>{@code
 * try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
 *   runTheJobAgainst(kafka.bootstrapServers());
 * }
 * }</pre>
 *
 * <p>Topics are not made by being used. Transactions and groups work as in a cluster. For tests and
 * demonstrations: there is no second copy of anything.
 */
@PublicEvolving
public final class EmbeddedKafka implements AutoCloseable {
  private static final int NODE_ID = 1;
  private static final String HOST = "127.0.0.1";

  private final Path folder;
  private final boolean temporary;
  private final int port;
  private final KafkaRaftServer server;

  private EmbeddedKafka(Path folder, boolean temporary, int port, Map<String, String> settings)
      throws IOException {
    this.folder = folder;
    this.temporary = temporary;
    this.port = port;
    Properties properties = properties(folder, port, FreePort.find());
    properties.putAll(settings);
    if (!Files.exists(folder.resolve("meta.properties"))) {
      format(folder);
    }
    server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
  }

  /**
   * A broker on a free port with a temporary folder; it can be used at once.
   *
   * @throws IOException if the folder cannot be made
   */
  public static EmbeddedKafka start() throws IOException {
    return start(Map.of());
  }

  /** The same with settings of the broker, which win over those that are made here. */
  public static EmbeddedKafka start(Map<String, String> settings) throws IOException {
    return start(Files.createTempDirectory("embedded-kafka-"), true, FreePort.find(), settings);
  }

  /** A broker on the port with what the folder has stored before. */
  public static EmbeddedKafka start(Path folder, int port) throws IOException {
    return start(folder, port, Map.of());
  }

  /** The same with settings of the broker, which win over those that are made here. */
  public static EmbeddedKafka start(Path folder, int port, Map<String, String> settings)
      throws IOException {
    return start(Files.createDirectories(folder), false, port, settings);
  }

  private static EmbeddedKafka start(
      Path folder, boolean temporary, int port, Map<String, String> settings) throws IOException {
    EmbeddedKafka kafka = new EmbeddedKafka(folder, temporary, port, settings);
    kafka.server.startup();
    return kafka;
  }

  private static Properties properties(Path folder, int port, int controllerPort) {
    Properties properties = new Properties();
    properties.setProperty("process.roles", "broker,controller");
    properties.setProperty("node.id", String.valueOf(NODE_ID));
    properties.setProperty("controller.quorum.voters", NODE_ID + "@" + HOST + ":" + controllerPort);
    properties.setProperty(
        "listeners",
        "PLAINTEXT://" + HOST + ":" + port + ",CONTROLLER://" + HOST + ":" + controllerPort);
    properties.setProperty("advertised.listeners", "PLAINTEXT://" + HOST + ":" + port);
    properties.setProperty("controller.listener.names", "CONTROLLER");
    properties.setProperty("inter.broker.listener.name", "PLAINTEXT");
    properties.setProperty("log.dirs", folder.toString());
    properties.setProperty("auto.create.topics.enable", "false");
    properties.setProperty("offsets.topic.replication.factor", "1");
    properties.setProperty("offsets.topic.num.partitions", "1");
    properties.setProperty("transaction.state.log.replication.factor", "1");
    properties.setProperty("transaction.state.log.min.isr", "1");
    properties.setProperty("transaction.state.log.num.partitions", "2");
    properties.setProperty("group.initial.rebalance.delay.ms", "0");
    return properties;
  }

  private static void format(Path folder) throws IOException {
    try {
      new Formatter()
          .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
          .setClusterId(Uuid.randomUuid().toString())
          .setNodeId(NODE_ID)
          .setDirectories(List.of(folder.toString()))
          .setMetadataLogDirectory(folder.toString())
          .setControllerListenerName("CONTROLLER")
          .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
          .run();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException("the broker's folder " + folder + " cannot be prepared", e);
    }
  }

  /** host:port, for clients on this machine. */
  public String bootstrapServers() {
    return HOST + ":" + port;
  }

  @Override
  public void close() {
    server.shutdown();
    server.awaitShutdown();
    if (temporary) {
      FileTrees.discard(folder);
    }
  }
}
